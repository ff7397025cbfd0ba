import com.sun.tools.attach.VirtualMachine;
import java.lang.management.ManagementFactory;
import java.util.regex.Pattern;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Prints, per running JVM and thread, how many bytes the thread has allocated since it began. The
 * threads that only exist because this asks are left out.
 */
public final class AllocatedBytes {
    private static final Pattern ASKING =
            Pattern.compile("RMI .*|JMX .*|Attach Listener|.*JMX.*|Common-Cleaner|Reference Handler");

    private AllocatedBytes() {}

    /** Takes the pids of JVMs. */
    public static void main(String[] pids) throws Exception {
        for (String pid : pids) {
            VirtualMachine machine = VirtualMachine.attach(pid);
            String address = machine.startLocalManagementAgent();
            machine.detach();
            try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(address))) {
                var threads =
                        ManagementFactory.getPlatformMXBean(
                                connector.getMBeanServerConnection(),
                                com.sun.management.ThreadMXBean.class);
                long[] ids = threads.getAllThreadIds();
                long[] bytes = threads.getThreadAllocatedBytes(ids);
                var infos = threads.getThreadInfo(ids);
                for (int i = 0; i < ids.length; i++) {
                    if (infos[i] != null && !ASKING.matcher(infos[i].getThreadName()).matches()) {
                        System.out.println(
                                bytes[i] + " " + pid + "/" + ids[i] + "/" + infos[i].getThreadName());
                    }
                }
            }
        }
    }
}
