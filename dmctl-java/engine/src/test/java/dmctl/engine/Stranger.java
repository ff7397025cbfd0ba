package dmctl.engine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A peer that speaks the protocol of links but not by its rules: what comes in is what it says. */
final class Stranger implements LinkChannel.Events {
    private static final int LOG_BYTES = 1 << 20;

    private final Lab lab;
    private final Replica replica;
    private final LabWire mine;
    private final LabWire theirs;
    private final LinkChannel channel;
    private final List<Integer> heard = new ArrayList<>();
    private String ending = "";

    /** Connects to a site as if it were another one, whose batches may be this large. */
    Stranger(Lab lab, LabSite like, LabSite victim, int frameBytesMax) {
        this.lab = lab;
        replica =
                like.parts(
                        new LogIdentity(
                                3, 4, 1 << 20, LOG_BYTES, 16384, 131072, frameBytesMax, 0, 0));
        LabWire[] ends = LabWire.pair(like.name(), victim.name());
        mine = ends[0];
        theirs = ends[1];
        victim.group().accept(theirs);
        channel = new LinkChannel(replica, mine, this);
    }

    /** Presents itself as the primary, which is then listened to. */
    void greetAsPrimary() {
        greet(Hello.Kind.SOURCE);
    }

    void greet(Hello.Kind kind) {
        channel.sendBytes(Message.HELLO, replica.hello(kind).encode());
        pump();
        if (!heard.contains(Message.HELLO_REPLY)) {
            throw new AssertionError("not greeted: " + ending);
        }
    }

    /** Asks for all records from a seq on, and takes them. */
    void fetch(long fromSeq) {
        greet(Hello.Kind.QUERY);
        channel.sendLongs(Message.FETCH, fromSeq);
        pump();
        lab.until(
                "all is fetched",
                () -> {
                    pump();
                    return heard.contains(Message.FETCH_END);
                });
    }

    void hangUp() {
        channel.close();
        theirs.breakOff("gone");
        pump();
    }

    /** Begins a history of its own. */
    TermHistory beginTerm() {
        TermHistory history = TermHistory.EMPTY.open(new Term(1, 77, 0, 0, Term.Kind.FIRST));
        channel.sendBytes(Message.START, Hello.encode(history, 0));
        pump();
        return history;
    }

    void send(int type, byte[] meta) {
        send(type, meta, new byte[0]);
    }

    void send(int type, byte[] meta, byte[] data) {
        int at = channel.begin(type, meta.length, data.length);
        channel.out().put(at, meta);
        channel.out().put(at + meta.length, data);
        channel.end();
        pump();
    }

    /** Bytes for a message, written by somebody else. */
    static byte[] bytes(ByteBuffer from, int length) {
        byte[] bytes = new byte[length];
        from.get(0, bytes);
        return bytes;
    }

    void pump() {
        boolean moved = true;
        while (moved) {
            channel.flush();
            moved = mine.run();
            moved |= theirs.run();
            lab.settle();
        }
    }

    /** Whether the site has hung up. */
    boolean isHungUpOn() {
        pump();
        return !channel.isOpen();
    }

    List<Integer> heard() {
        return heard;
    }

    @Override
    public boolean message(
            int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        heard.add(type);
        return true;
    }

    @Override
    public void closed(String reason) {
        ending = reason;
    }
}
