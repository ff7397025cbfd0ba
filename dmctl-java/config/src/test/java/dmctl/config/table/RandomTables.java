package dmctl.config.table;

import dmctl.config.Address;
import dmctl.config.LogOpening;
import dmctl.config.table.DirtyLog.FirstSync;
import dmctl.config.table.Link.Policy;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;

/** Any table that can be said, from a seed. */
final class RandomTables {
    private static final String PLAIN = "abz019/._-+=:,#\\ \t^'\"";

    private static final int[] LETTERS = letters("\u00a0ü\ud83d\ude00");

    /** All letters, or those that paths of this locale may have. */
    private static int[] letters(String strange) {
        try {
            return (PLAIN + Path.of(strange)).codePoints().toArray();
        } catch (InvalidPathException e) {
            return PLAIN.codePoints().toArray();
        }
    }

    private final Random random;
    private final Set<String> devices = new HashSet<>();

    RandomTables(long seed) {
        random = new Random(seed);
    }

    Table table() {
        return switch (random.nextInt(3)) {
            case 0 -> new ReplicatorTable(extent(), log(false), links(true));
            case 1 -> {
                List<Copy> copies = new ArrayList<>();
                long region = region();
                for (Link link : links(false)) {
                    copies.add(copy(link.nr(), region));
                }
                String replicator = random.nextBoolean() ? "253:7" : device();
                yield new ReplicatorDevTable(extent(), replicator, (int) number(1L << 31), copies);
            }
            default -> {
                LogDevice log = log(true);
                List<OneLineTable.Site> sites = new ArrayList<>();
                long region = region();
                for (Link link : links(false)) {
                    sites.add(new OneLineTable.Site(link, copy(link.nr(), region)));
                }
                yield new OneLineTable(extent(), log, sites);
            }
        };
    }

    private <T> T oneOf(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private Extent extent() {
        long start = random.nextBoolean() ? 0 : number(1L << 40);
        return new Extent(start, (1L << 20) + number(1L << 50));
    }

    /** Less than the bound, and mostly small. */
    private long number(long bound) {
        return Math.floorMod(random.nextLong(), 1L << (1 + random.nextInt(61))) % bound;
    }

    private String device() {
        StringBuilder text = new StringBuilder("/");
        for (int i = random.nextInt(12); i >= 0; i--) {
            text.appendCodePoint(LETTERS[random.nextInt(LETTERS.length)]);
        }
        String path = Path.of(text.toString()).normalize().toString();
        return path.length() > 1 && devices.add(path) ? path : device();
    }

    private LogDevice log(boolean sizeOptional) {
        LogOpening opening = oneOf(LogOpening.values());
        boolean mustSay = opening != LogOpening.OPEN && !sizeOptional;
        boolean sized = mustSay || random.nextBoolean();
        OptionalLong size =
                sized
                        ? OptionalLong.of(LogDevice.SECTORS_MIN + number(1L << 50))
                        : OptionalLong.empty();
        return new LogDevice(device(), number(1L << 54), opening, size);
    }

    private List<Link> links(boolean withTcp) {
        List<Link> links = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        int nr = 0;
        for (int i = random.nextInt(5); i >= 0; i--) {
            if (seen.add(nr)) {
                links.add(link(nr, withTcp));
            }
            nr = (int) number(Link.NR_MAX + 1);
        }
        return links;
    }

    private Link link(int nr, boolean withTcp) {
        Policy policy = oneOf(Policy.values());
        Optional<FallBehind> limit =
                policy == Policy.SYNC || random.nextBoolean()
                        ? Optional.empty()
                        : Optional.of(fallBehind());
        Optional<Address> address =
                withTcp && random.nextBoolean() ? Optional.of(address()) : Optional.empty();
        return new Link(nr, address, policy, random.nextBoolean(), limit);
    }

    private Address address() {
        int port = 1 + random.nextInt(65_535);
        return switch (random.nextInt(3)) {
            case 0 -> new Address.Tcp("far.example.org", port);
            case 1 -> new Address.Tcp("fd00::" + Integer.toHexString(random.nextInt(65_536)), port);
            default -> new Address.Unix(Path.of(device()).normalize().resolve("s"));
        };
    }

    private FallBehind fallBehind() {
        long value = 1 + number(1L << 60);
        long even = value >> 30 == 0 ? value << (10 * random.nextInt(4)) : value;
        return switch (random.nextInt(3)) {
            case 0 -> new FallBehind.Ios(value);
            case 1 -> new FallBehind.Size(even);
            default ->
                    new FallBehind.Timeout(random.nextBoolean() ? value : even / 1024 * 1000 + 1);
        };
    }

    private long region() {
        return DirtyLog.Regions.SECTORS_MIN << random.nextInt(9);
    }

    private Copy copy(int linkNr, long region) {
        if (linkNr == 0) {
            return new Copy(0, device(), new DirtyLog.None());
        }
        FirstSync firstSync = oneOf(FirstSync.values());
        DirtyLog log =
                random.nextBoolean()
                        ? new DirtyLog.Core(region, firstSync)
                        : new DirtyLog.Disk(device(), region, firstSync);
        return new Copy(linkNr, device(), log);
    }

    /** Tables of one group that a group's file can describe. */
    String group() {
        List<Link> links = new ArrayList<>();
        boolean daemons = random.nextBoolean();
        for (Link link : links(false)) {
            Address address = new Address.Tcp("127.0.0.1", 7000 + link.nr());
            boolean tcp = daemons && (link.nr() == 0 || links.size() == 1 || random.nextBoolean());
            links.add(
                    new Link(
                            link.nr(),
                            tcp ? Optional.of(address) : Optional.empty(),
                            link.policy(),
                            link.stall(),
                            link.fallBehind()));
        }
        if (links.size() == 1) {
            Link only = links.removeFirst();
            links.add(
                    new Link(0, Optional.empty(), only.policy(), only.stall(), only.fallBehind()));
        }
        links.sort(Comparator.comparingInt(Link::nr));
        LogDevice log = log(false);
        log =
                new LogDevice(
                        log.device(), log.startSector() / 16 * 8, log.opening(), log.sizeSectors());
        StringBuilder text = new StringBuilder("g: ");
        text.append(new ReplicatorTable(new Extent(0, 8), log, links).text());
        long region = DirtyLog.Regions.SECTORS_MIN << random.nextInt(5);
        int nr = 0;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            List<Copy> copies = new ArrayList<>();
            for (Link link : links) {
                copies.add(copy(link.nr(), region));
            }
            Extent extent = new Extent(0, (1L << 20) + number(1L << 50));
            ReplicatorDevTable device = new ReplicatorDevTable(extent, "/dev/mapper/g", nr, copies);
            text.append("\ng-d").append(nr).append(": ").append(device.text());
            nr += 1 + random.nextInt(600);
        }
        return text.toString();
    }
}
