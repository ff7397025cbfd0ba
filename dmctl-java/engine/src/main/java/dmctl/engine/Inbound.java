package dmctl.engine;

import dmctl.engine.GroupStatus.Role;
import dmctl.engine.port.Wire;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A connection another site has made: a primary that will send records, or a site that asks. */
final class Inbound implements LinkChannel.Events {
    private enum Mode {
        GREETING,
        ASKED,
        FETCHED,
        TARGET
    }

    private final Replica replica;
    private final LinkChannel channel;
    private final LogFeed feed;
    private Mode mode = Mode.GREETING;
    private boolean gone;
    private @Nullable Upstream upstream;

    Inbound(Replica replica, Wire wire) {
        this.replica = replica;
        channel = new LinkChannel(replica, wire, this);
        feed = new LogFeed(replica);
    }

    boolean gone() {
        return gone || !channel.isOpen();
    }

    boolean isUpstream() {
        return upstream != null;
    }

    LinkChannel channel() {
        return channel;
    }

    void pump() {
        if (gone()) {
            return;
        }
        channel.checkAlive(replica.linkTimeoutNanos());
        if (gone()) {
            return;
        }
        channel.retry();
        if (mode == Mode.FETCHED && feed.nextSeq() <= replica.checkpointer().tailSeqSoon()) {
            channel.fault("the log went on while records were fetched");
        } else if (mode == Mode.FETCHED) {
            long last = replica.log().writtenSeq();
            feed.pump(last);
            if (feed.nextSeq() > last && channel.hasRoom(8, 0)) {
                channel.sendLongs(Message.FETCH_END, last);
                mode = Mode.ASKED;
            }
        }
        Upstream source = upstream;
        if (source != null && !gone()) {
            source.pump();
        }
        if (!gone()) {
            channel.flush();
        }
    }

    long wakeNanos() {
        return gone() ? Long.MAX_VALUE : channel.deadlineNanos(replica.linkTimeoutNanos()) + 1;
    }

    void close(String reason) {
        if (channel.isOpen()) {
            channel.close();
        }
        closed(reason);
    }

    @Override
    public void closed(String reason) {
        gone = true;
        feed.stop();
        Upstream source = upstream;
        upstream = null;
        if (source != null) {
            source.lost(reason);
        }
    }

    @Override
    public boolean message(
            int type, ByteBuffer in, int meta, int metaBytes, int data, int dataBytes) {
        Upstream source = upstream;
        if (source != null) {
            return source.message(type, in, meta, metaBytes, data, dataBytes);
        }
        if (mode == Mode.GREETING && type == Message.HELLO) {
            greeted(Hello.decode(in, meta, metaBytes));
        } else if (mode == Mode.ASKED && type == Message.FETCH && metaBytes == 8) {
            fetch(in.getLong(meta));
        } else {
            channel.fault("unexpected message " + type + " from " + channel.peer());
        }
        return true;
    }

    private void fetch(long fromSeq) {
        if (fromSeq <= replica.checkpointer().tailSeqSoon()) {
            channel.refuse(Message.CODE_MISMATCH, "seq " + fromSeq + " is no longer in the log");
            return;
        }
        feed.start(channel, fromSeq);
        // Nothing stands behind these records: who fetches takes them when it can.
        feed.allow(Long.MAX_VALUE, Long.MAX_VALUE);
        mode = Mode.FETCHED;
    }

    private void greeted(@Nullable Hello hello) {
        if (hello == null
                || !hello.group().equals(replica.def().uuid())
                || replica.sites().find(hello.site()) == null) {
            channel.refuse(Message.CODE_MISMATCH, "not a site of group " + replica.def().name());
        } else if (hello.shape() != replica.devices().shape()) {
            channel.refuse(
                    Message.CODE_MISMATCH,
                    String.format(
                            Locale.ROOT,
                            "devices or block size of group %s differ between the sites' files",
                            replica.def().name()));
        } else if (hello.kind() == Hello.Kind.QUERY) {
            mode = Mode.ASKED;
            reply();
        } else if (hello.kind() == Hello.Kind.SOURCE) {
            source(hello);
        } else {
            channel.fault("an answer that was not asked for, from " + channel.peer());
        }
    }

    private void reply() {
        channel.sendBytes(Message.HELLO_REPLY, replica.hello(Hello.Kind.REPLY).encode());
        channel.flush();
    }

    private void source(Hello hello) {
        long mine = replica.history().latestNumber();
        long theirs = hello.history().latestNumber();
        String self = replica.def().name() + "/" + replica.sites().self().site.name();
        SiteState from = replica.sites().find(hello.site());
        if (theirs <= mine && replica.serving() && from != null) {
            replica.links().heard(from, hello.history());
        }
        if (theirs < mine) {
            channel.refuse(
                    Message.CODE_FENCED,
                    String.format(
                            Locale.ROOT,
                            "site %s knows term %d, higher than term %d",
                            self,
                            mine,
                            theirs));
        } else if (theirs == mine && hello.history().latestId() != replica.history().latestId()) {
            channel.refuse(
                    Message.CODE_FORKED,
                    String.format(
                            Locale.ROOT,
                            "site %s knows another term %d: both were opened at once",
                            self,
                            mine));
        } else if (replica.roles().busy()) {
            if (theirs > mine) {
                replica.fenced(
                        String.format(
                                Locale.ROOT,
                                "site %d is primary in term %d",
                                hello.site(),
                                theirs));
            } else {
                channel.refuse(Message.CODE_LATER, "site " + self + " is changing its role");
            }
        } else if (replica.standing().role == Role.PRIMARY) {
            if (theirs > mine) {
                replica.fenced(
                        String.format(
                                Locale.ROOT,
                                "site %d is primary in term %d",
                                hello.site(),
                                theirs));
            } else {
                channel.refuse(Message.CODE_MISMATCH, "site " + self + " is primary in this term");
            }
        } else if (replica.log().failed()) {
            channel.refuse(
                    Message.CODE_MISMATCH,
                    String.format(
                            Locale.ROOT,
                            "site %s takes no records: %s",
                            self,
                            replica.log().failure()));
        } else {
            mode = Mode.TARGET;
            reply();
            upstream = replica.peers().newUpstream(this, hello);
        }
    }
}
