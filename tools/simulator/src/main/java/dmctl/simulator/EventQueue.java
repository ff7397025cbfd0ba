package dmctl.simulator;

import java.util.Arrays;

/** Virtual time: events in order of time, those of one moment in the order they were asked for. */
final class EventQueue {
    private long[] times = new long[1024];
    private long[] orders = new long[1024];
    private Runnable[] events = new Runnable[1024];
    private int size;
    private long nextOrder;
    private long now;

    /** Returns virtual nanoseconds since the run began. */
    long now() {
        return now;
    }

    int size() {
        return size;
    }

    void at(long time, Runnable event) {
        if (size == times.length) {
            times = Arrays.copyOf(times, size * 2);
            orders = Arrays.copyOf(orders, size * 2);
            events = Arrays.copyOf(events, size * 2);
        }
        long when = Math.max(time, now);
        long order = nextOrder++;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (before(parent, when, order)) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        put(at, when, order, event);
    }

    void after(long delay, Runnable event) {
        at(now + delay, event);
    }

    /** Runs the earliest event; false if there is none. */
    boolean runNext() {
        if (size == 0) {
            return false;
        }
        now = times[0];
        Runnable event = events[0];
        removeFirst();
        event.run();
        return true;
    }

    private void removeFirst() {
        int last = --size;
        long when = times[last];
        long order = orders[last];
        Runnable event = events[last];
        int at = 0;
        while (true) {
            int child = at * 2 + 1;
            if (child >= last) {
                break;
            }
            if (child + 1 < last && before(child + 1, times[child], orders[child])) {
                child++;
            }
            if (!before(child, when, order)) {
                break;
            }
            move(child, at);
            at = child;
        }
        put(at, when, order, event);
    }

    private boolean before(int index, long time, long order) {
        return times[index] < time || (times[index] == time && orders[index] < order);
    }

    private void move(int from, int to) {
        times[to] = times[from];
        orders[to] = orders[from];
        events[to] = events[from];
    }

    private void put(int at, long when, long order, Runnable event) {
        times[at] = when;
        orders[at] = order;
        events[at] = event;
    }
}
