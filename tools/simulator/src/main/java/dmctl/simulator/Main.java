package dmctl.simulator;

/** Entry point of the simulator. */
public final class Main {
    private Main() {}

    /**
     * Runs the simulator.
     *
     * @param args words of the command line
     */
    public static void main(String[] args) {
        System.out.println("no scenario yet");
    }
}
