package dmctl.daemon.front;

/**
 * What keeps a front end from showing the devices.
 *
 * @param reason what was found
 * @param sinceMicros since when
 * @param nextStep what to do
 */
public record FrontEndProblem(String reason, long sinceMicros, String nextStep) {}
