package dmctl.tools.relay;

import java.util.List;

/** What the relay can be told while it runs. */
sealed interface Command {

    /** The words, for messages. */
    String USAGE = "delay TIME, rate SIZE/s|unlimited, stall, cut, heal, status, exit";

    /**
     * Sets the time each byte takes, one way.
     *
     * @param nanos in each direction
     */
    record Delay(long nanos) implements Command {}

    /**
     * Limits what is taken from each side.
     *
     * @param bytesPerSecond in each direction, 0 for no limit
     */
    record Rate(long bytesPerSecond) implements Command {}

    /** Forwards nothing more; connections stay. */
    record Stall() implements Command {}

    /** Breaks all connections and refuses new ones; what is under way is lost. */
    record Cut() implements Command {}

    /** Ends stall or cut; delay and rate stay. */
    record Heal() implements Command {}

    /** Asks for one line of state. */
    record Status() implements Command {}

    /** Ends the relay. */
    record Exit() implements Command {}

    /**
     * Reads one line.
     *
     * @param line as typed
     * @return the command
     * @throws IllegalArgumentException names the word that is wrong
     */
    static Command parse(String line) {
        List<String> words = List.of(line.strip().split("\\s+"));
        String verb = words.getFirst();
        int expected = verb.equals("delay") || verb.equals("rate") ? 2 : 1;
        if (words.size() != expected) {
            throw new IllegalArgumentException("'" + line.strip() + "': use " + USAGE);
        }
        return switch (verb) {
            case "delay" -> new Delay(Quantity.nanos(words.get(1)));
            case "rate" -> new Rate(Quantity.bytesPerSecond(words.get(1)));
            case "stall" -> new Stall();
            case "cut" -> new Cut();
            case "heal" -> new Heal();
            case "status" -> new Status();
            case "exit" -> new Exit();
            default ->
                    throw new IllegalArgumentException(
                            "unknown command '" + verb + "'; use " + USAGE);
        };
    }
}
