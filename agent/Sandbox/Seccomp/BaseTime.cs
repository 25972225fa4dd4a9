namespace Hearth.Sandbox.Seccomp;

/// <summary>Clocks, timers and what the system says about itself.</summary>
internal static class BaseTime
{
    public static readonly SeccompRule[] Rules =
    [
        SeccompRule.Allow("nanosleep", 35, 101, "every program"),
        SeccompRule.Allow("clock_nanosleep", 230, 115, "libc's sleep"),
        SeccompRule.Allow("clock_gettime", 228, 113, "where the vDSO cannot"),
        SeccompRule.Allow("clock_getres", 229, 114, "clocks"),
        SeccompRule.Allow("gettimeofday", 96, 169, "where the vDSO cannot"),
        SeccompRule.Allow("time", 201, SeccompRule.Absent, "where the vDSO cannot"),
        SeccompRule.Allow("alarm", 37, SeccompRule.Absent, "timeouts"),
        SeccompRule.Allow("getitimer", 36, 102, "timeouts, profilers"),
        SeccompRule.Allow("setitimer", 38, 103, "timeouts, profilers"),
        SeccompRule.Allow("timer_create", 222, 107, "timeouts, profilers"),
        SeccompRule.Allow("timer_settime", 223, 110, "timeouts, profilers"),
        SeccompRule.Allow("timer_gettime", 224, 108, "timeouts, profilers"),
        SeccompRule.Allow("timer_getoverrun", 225, 109, "timeouts, profilers"),
        SeccompRule.Allow("timer_delete", 226, 111, "timeouts, profilers"),
        SeccompRule.Allow("getrandom", 318, 278, "every program"),
        SeccompRule.Allow("uname", 63, 160, "every program"),
        SeccompRule.Allow("sysinfo", 99, 179, "memory and uptime as programs ask for them"),
    ];
}
