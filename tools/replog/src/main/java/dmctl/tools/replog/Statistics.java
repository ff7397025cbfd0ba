package dmctl.tools.replog;

import dmctl.replog.Body;
import dmctl.replog.Frame;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Names and values in an order, with one level of nesting. */
final class Statistics {
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, Long> types = new TreeMap<>();
    private final Map<Long, Long> deviceBytes = new TreeMap<>();
    private final Map<Long, Long> deviceRecords = new TreeMap<>();
    private long batches;
    private long records;
    private long dataBytes;

    Statistics put(String name, Object value) {
        values.put(name, value);
        return this;
    }

    /** Counts a frame with its records. */
    void add(ByteBuffer head) {
        int body = Frame.BODY_OFFSET;
        if (batches++ == 0) {
            put("firstSeq", Body.firstSeq(head, body));
            put("firstTime", FrameText.time(Body.timeMicros(head, body)));
        }
        put("lastSeq", Body.lastSeq(head, body));
        put("lastTime", FrameText.time(Body.timeMicros(head, body)));
        for (int i = 0; i < Body.count(head, body); i++) {
            int type = Body.type(head, body, i);
            if (type == Body.MARK || type == Body.CHANGE) {
                records++;
                types.merge(FrameText.type(type), 1L, Long::sum);
            } else {
                add(
                        FrameText.type(type),
                        Integer.toUnsignedLong(Body.devNr(head, body, i)),
                        Body.dataBytes(head, body, i));
            }
        }
    }

    /** Counts a record of a device. */
    void add(String type, long devNr, long bytes) {
        records++;
        dataBytes += bytes;
        types.merge(type, 1L, Long::sum);
        deviceRecords.merge(devNr, 1L, Long::sum);
        deviceBytes.merge(devNr, bytes, Long::sum);
    }

    private Map<String, Object> all() {
        Map<String, Object> all = new LinkedHashMap<>(values);
        if (batches > 0) {
            all.put("batches", batches);
        }
        all.put("records", records);
        all.put("dataBytes", dataBytes);
        all.put("recordsByType", types);
        all.put("recordsByDevice", deviceRecords);
        all.put("dataBytesByDevice", deviceBytes);
        return all;
    }

    void print(Report report) {
        all().forEach((name, value) -> report.line("%s %s", name, text(value)));
    }

    private static String text(Object value) {
        return value instanceof Map<?, ?> map && map.isEmpty() ? "none" : String.valueOf(value);
    }

    void printJson(Report report) {
        report.line("%s", json(all()));
    }

    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            StringBuilder text = new StringBuilder("{");
            map.forEach((k, v) ->
                    text.append(text.length() > 1 ? "," : "")
                            .append(quoted(String.valueOf(k)))
                            .append(':')
                            .append(json(v)));
            return text.append('}').toString();
        }
        return value instanceof Number || value instanceof Boolean
                ? value.toString()
                : quoted(value.toString());
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append("\\u00").append(Character.forDigit(c >> 4, 16));
                quoted.append(Character.forDigit(c & 15, 16));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
