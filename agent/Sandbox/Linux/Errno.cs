namespace Hearth.Sandbox.Linux;

/// <summary>errno values of Linux (asm-generic, the same on x86_64 and aarch64) that Hearth tells apart or names in messages.</summary>
[NativeConstants("errno.h")]
public static class Errno
{
    public const int EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9, ECHILD = 10, EAGAIN = 11, ENOMEM = 12,
        EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24,
        ENOTTY = 25, EFBIG = 27, ENOSPC = 28, ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, ERANGE = 34, ENAMETOOLONG = 36, ENOSYS = 38, ENOTEMPTY = 39,
        EDEADLK = 35, ELOOP = 40, EPROTO = 71, EBADMSG = 74, EOVERFLOW = 75, EUSERS = 87, EMSGSIZE = 90, EOPNOTSUPP = 95, EADDRINUSE = 98, ECONNRESET = 104, ENOTCONN = 107,
        ETIMEDOUT = 110, ECONNREFUSED = 111, ESTALE = 116, EDQUOT = 122;

    /// <summary>"ENOENT (No such file or directory)"; a number without a name here is given as such.</summary>
    public static string Describe(int errno) => errno switch
    {
        EPERM => "EPERM (Operation not permitted)",
        ENOENT => "ENOENT (No such file or directory)",
        ESRCH => "ESRCH (No such process)",
        EIO => "EIO (Input/output error)",
        ENXIO => "ENXIO (No such device or address)",
        ENOEXEC => "ENOEXEC (Exec format error)",
        EBADF => "EBADF (Bad file descriptor)",
        EAGAIN => "EAGAIN (Resource temporarily unavailable)",
        ENOMEM => "ENOMEM (Cannot allocate memory)",
        EACCES => "EACCES (Permission denied)",
        EBUSY => "EBUSY (Device or resource busy)",
        EEXIST => "EEXIST (File exists)",
        EXDEV => "EXDEV (Invalid cross-device link)",
        ENODEV => "ENODEV (No such device)",
        ENOTDIR => "ENOTDIR (Not a directory)",
        EINVAL => "EINVAL (Invalid argument)",
        ENFILE => "ENFILE (Too many open files in system)",
        EMFILE => "EMFILE (Too many open files)",
        ENOTTY => "ENOTTY (Inappropriate ioctl)",
        ENOSPC => "ENOSPC (No space left on device, or a limit of the kernel is reached)",
        EROFS => "EROFS (Read-only file system)",
        EPIPE => "EPIPE (Broken pipe)",
        EDEADLK => "EDEADLK (Resource deadlock avoided)",
        ENOSYS => "ENOSYS (Function not implemented by this kernel)",
        ENOTEMPTY => "ENOTEMPTY (Directory not empty)",
        ELOOP => "ELOOP (Too many levels of symbolic links)",
        EPROTO => "EPROTO (Protocol error)",
        EUSERS => "EUSERS (Too many users)",
        EOPNOTSUPP => "EOPNOTSUPP (Operation not supported)",
        EADDRINUSE => "EADDRINUSE (Address already in use)",
        ECONNREFUSED => "ECONNREFUSED (Connection refused)",
        ETIMEDOUT => "ETIMEDOUT (Timed out)",
        _ => $"errno {errno}",
    };
}
