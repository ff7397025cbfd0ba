package dmctl.cli.dmsetup;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A command line taken apart as getopt_long does: options anywhere, long names shortened. */
final class Arguments {
    private final Map<Switch, List<String>> given = new EnumMap<>(Switch.class);
    private final List<String> words = new ArrayList<>();

    private Arguments() {}

    static Arguments parse(List<String> args) throws Failure {
        Arguments arguments = new Arguments();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (arg.equals("--")) {
                arguments.words.addAll(args.subList(i + 1, args.size()));
                break;
            }
            if (arg.startsWith("--")) {
                i += arguments.longOption(arg.substring(2), args, i);
            } else if (arg.startsWith("-") && arg.length() > 1) {
                i += arguments.letters(arg, args, i);
            } else {
                arguments.words.add(arg);
            }
        }
        arguments.check();
        return arguments;
    }

    private void add(Switch option, String value) {
        given.computeIfAbsent(option, o -> new ArrayList<>()).add(value);
    }

    /** Returns how many further arguments were taken. */
    private int longOption(String text, List<String> args, int at) throws Failure {
        int equals = text.indexOf('=');
        String name = equals < 0 ? text : text.substring(0, equals);
        Switch option = byName(name);
        if (!option.takesValue) {
            if (equals >= 0) {
                throw new Failure("option '--" + option.longName() + "' doesn't allow an argument");
            }
            add(option, "");
            return 0;
        }
        if (equals >= 0) {
            add(option, text.substring(equals + 1));
            return 0;
        }
        if (at + 1 == args.size()) {
            throw new Failure("option '--" + option.longName() + "' requires an argument");
        }
        add(option, args.get(at + 1));
        return 1;
    }

    private static Switch byName(String name) throws Failure {
        List<Switch> matching = new ArrayList<>();
        for (Switch option : Switch.values()) {
            if (option.longName().equals(name)) {
                return option;
            }
            if (!name.isEmpty() && option.longName().startsWith(name)) {
                matching.add(option);
            }
        }
        return switch (matching.size()) {
            case 1 -> matching.getFirst();
            case 0 ->
                    throw new Failure(
                            "unrecognized option '--" + name + "'; for it, use dmsetup itself");
            default -> throw new Failure("option '--" + name + "' is ambiguous");
        };
    }

    private int letters(String arg, List<String> args, int at) throws Failure {
        for (int i = 1; i < arg.length(); i++) {
            Switch option = byLetter(arg.charAt(i));
            if (!option.takesValue) {
                add(option, "");
            } else if (i + 1 < arg.length()) {
                add(option, arg.substring(i + 1));
                return 0;
            } else if (at + 1 < args.size()) {
                add(option, args.get(at + 1));
                return 1;
            } else {
                throw new Failure("option requires an argument -- '" + option.letter + "'");
            }
        }
        return 0;
    }

    private static Switch byLetter(char letter) throws Failure {
        if (letter == 'C') {
            return Switch.COLUMNS;
        }
        for (Switch option : Switch.values()) {
            if (option.letter == letter) {
                return option;
            }
        }
        throw new Failure("invalid option -- '" + letter + "'");
    }

    private void check() throws Failure {
        if (has(Switch.MAJOR) != has(Switch.MINOR)) {
            throw new Failure("Please specify both major number and minor number.");
        }
        if (has(Switch.TABLE) && has(Switch.NOTABLE)) {
            throw new Failure("--table and --notable are incompatible.");
        }
        if (has(Switch.ADDNODEONRESUME) && has(Switch.ADDNODEONCREATE)) {
            throw new Failure("--addnodeonresume and --addnodeoncreate are incompatible.");
        }
    }

    boolean has(Switch option) {
        return given.containsKey(option);
    }

    /** How often an option was given. */
    int count(Switch option) {
        return given.getOrDefault(option, List.of()).size();
    }

    /** The last value given. */
    Optional<String> value(Switch option) {
        return Optional.ofNullable(given.get(option)).map(List::getLast);
    }

    OptionalInt number(Switch option, int radix) throws Failure {
        Optional<String> text = value(option);
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(Integer.parseInt(text.get().strip(), radix));
        } catch (NumberFormatException e) {
            throw new Failure("Invalid argument for --" + option.longName() + ": " + text.get());
        }
    }

    /** What is no option: the verb and what it is about. */
    List<String> words() {
        return words;
    }
}
