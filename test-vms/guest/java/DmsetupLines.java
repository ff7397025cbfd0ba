import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs many command lines of {@code dmctl dmsetup} in one JVM, which takes seconds to start here. A
 * line of standard input is a command line, its words separated by tabs; what it prints goes to
 * ours.out and ours.err, and its exit code is answered.
 */
public final class DmsetupLines {
    private DmsetupLines() {}

    public static void main(String[] args) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            int code;
            try (PrintWriter out =
                            new PrintWriter(Files.newBufferedWriter(Path.of("ours.out")));
                    PrintWriter err =
                            new PrintWriter(Files.newBufferedWriter(Path.of("ours.err")))) {
                code =
                        dmctl.cli.dmsetup.Dmsetup.run(
                                out,
                                err,
                                List.of(line.replace('\1', '\n').split("\t", -1)),
                                dmctl.cli.MappedDevices::open);
            }
            System.out.println(code);
            System.out.flush();
        }
    }
}
