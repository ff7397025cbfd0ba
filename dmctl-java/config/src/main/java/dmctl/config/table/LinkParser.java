package dmctl.config.table;

import dmctl.config.Address;
import dmctl.config.ConfigException;
import dmctl.config.table.Link.Policy;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Reads the words of site links, one link after the other. */
final class LinkParser {
    /** Which types of link there are, and how many parameters they have. */
    enum Form {
        /** {@code blockdev} and {@code tcp}, the fall-behind as one word or as two. */
        OF_2009,
        /** {@code local}, the fall-behind as one word. */
        OF_2008
    }

    private static final String COUNT = "Invalid site link parameter number argument";
    private static final String TOO_MANY = "invalid number of slink arguments";

    private final Words words;
    private final Form form;
    private final Set<Integer> seen = new HashSet<>();

    LinkParser(Words words, Form form) {
        this.words = words;
        this.form = form;
    }

    Link link() throws TableException {
        Word type = words.next("Invalid replicator site link parameter number", "");
        boolean tcp = form == Form.OF_2009 && type.text().equals("tcp");
        String other = form == Form.OF_2009 ? "blockdev" : "local";
        if (!tcp && !type.text().equals(other)) {
            throw words.refuse(
                    type,
                    "replication slink module for \"" + type.text() + "\" not found",
                    typeRemedy(type));
        }
        int end = end(tcp ? 2 : 1, tcp ? 5 : form == Form.OF_2009 ? 4 : 3);
        int nr = nr();
        Optional<Address> address = tcp ? Optional.of(address(words.next())) : Optional.empty();
        Set<PolicyWord> policies = Set.of();
        Optional<FallBehind> fallBehind = Optional.empty();
        if (words.taken() < end) {
            policies = policies(words.next());
        }
        if (words.taken() < end) {
            Word at = words.peek();
            fallBehind = new FallBehindParser(words, end, form).fallBehind();
            if (fallBehind.isPresent() && policies.contains(PolicyWord.SYNCHRONOUS)) {
                throw words.refuse(
                        at,
                        "synchronous slink policy and fallbehind are mutually exclusive!",
                        "remove one of the two");
            }
        }
        if (words.taken() < end) {
            throw words.refuse(words.peek(), TOO_MANY, "the count takes in a word too many");
        }
        return new Link(
                nr,
                address,
                policies.contains(PolicyWord.SYNCHRONOUS) ? Policy.SYNC : Policy.ASYNC,
                policies.contains(PolicyWord.STALL),
                fallBehind);
    }

    private String typeRemedy(Word type) {
        if (form == Form.OF_2008) {
            return "write local; other types go with the log type ringbuffer";
        }
        return Words.decimal(type.text(), Long.MAX_VALUE) >= 0
                ? "a type of link stands here, blockdev or tcp; the count before it may lack a word"
                : "write blockdev or tcp";
    }

    /** Reads the count; returns how many words are taken when the link ends. */
    private int end(int least, int most) throws TableException {
        Word count = words.next(COUNT, "write how many words of the link follow");
        long given = Words.decimal(count.text(), Integer.MAX_VALUE);
        if (given < 0) {
            throw words.refuse(count, COUNT, "write how many words of the link follow");
        }
        if (given < least || given > most) {
            throw words.refuse(count, TOO_MANY, "write " + least + " to " + most);
        }
        if (given > words.left()) {
            throw words.refuse(
                    count, COUNT, "it says " + given + ", but " + words.left() + " follow");
        }
        return words.taken() + (int) given;
    }

    private int nr() throws TableException {
        Word word = words.next();
        long nr = Words.decimal(word.text(), Long.MAX_VALUE);
        if (nr < 0) {
            throw words.refuse(
                    word, "Invalid site link number argument", "write 0 to " + Link.NR_MAX);
        }
        if (nr > Link.NR_MAX) {
            throw words.refuse(
                    word,
                    "slink number larger than maximum for 'default' replication log.",
                    "write 0 to " + Link.NR_MAX);
        }
        if (seen.isEmpty() && nr != 0) {
            throw words.refuse(
                    word,
                    "Can't create slink=" + nr + " w/o slink0.",
                    "begin with the local site, number 0");
        }
        if (!seen.add((int) nr)) {
            throw words.refuse(word, "slink already existing", "give each site its own number");
        }
        return (int) nr;
    }

    private Address address(Word word) throws TableException {
        try {
            return Address.parse(word.text());
        } catch (ConfigException e) {
            throw words.refuse(word, "Invalid site link address", String.valueOf(e.getMessage()));
        }
    }

    /** The words of policies; a bare prefix of two of them says nothing. */
    private enum PolicyWord {
        ASYNCHRONOUS,
        SYNCHRONOUS,
        STALL
    }

    private Set<PolicyWord> policies(Word word) throws TableException {
        Set<PolicyWord> policies = new HashSet<>();
        int begin = 0;
        while (begin >= 0) {
            int plus = word.text().indexOf('+', begin);
            policies.add(policy(word.part(begin, plus < 0 ? word.text().length() : plus)));
            begin = plus < 0 ? -1 : plus + 1;
        }
        if (policies.contains(PolicyWord.SYNCHRONOUS)
                && policies.contains(PolicyWord.ASYNCHRONOUS)) {
            throw words.refuse(
                    word,
                    "synchronous and asynchronous slink policies are mutually exclusive!",
                    "keep one of the two");
        }
        return policies;
    }

    private PolicyWord policy(Word word) throws TableException {
        PolicyWord found = null;
        for (PolicyWord policy : PolicyWord.values()) {
            if (!policy.name().toLowerCase(Locale.ROOT).startsWith(word.text())) {
                continue;
            }
            if (found != null) {
                throw words.refuse(
                        word,
                        ("Invalid site link policy " + word.text()).strip(),
                        word.text().isEmpty()
                                ? "a policy is missing here"
                                : "it is short for stall and for synchronous, write one of them");
            }
            found = policy;
        }
        if (found == null) {
            throw words.refuse(
                    word,
                    "Invalid site link policy " + word.text(),
                    "write asynchronous, synchronous or stall, joined with + if need be");
        }
        return found;
    }
}
