using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;

namespace Hearth.Spawner;

/// <summary>
/// /tmp of a sandbox: a sparse ext4 image of exactly the configured size on a loop device, so that what a function writes is page cache and disk, not its
/// memory, and one byte too many is ENOSPC. The image has no name (O_TMPFILE) and the loop device clears itself: a crash leaves nothing.
/// Project quotas on one shared image would be cheaper to attach, but need CONFIG_QFMT_V2, which many kernels lack, and answer EDQUOT.
/// Where loop devices, ext4 or mkfs.ext4 are missing it is a tmpfs of that size, which counts as the function's memory: same ENOSPC, same /tmp after a reset.
/// </summary>
internal sealed unsafe class TmpImages
{
    private const uint LoopCtlGetFree = 0x4C82, LoopConfigure = 0x4C0A;
    private const int SeekData = 3, SeekHole = 4;
    private const int DefaultMb = 512;
    private const int ReadyTarget = 4;
    private const int MostTemplates = 64;

    private readonly byte* _folderPath;
    private readonly int _loopControl;
    private readonly int[] _templateSizes = new int[MostTemplates];
    private readonly int[] _templates = new int[MostTemplates];

    // No journal (nothing outlives the sandbox), no reserve for root. HostTool hands the image over as 3.
    private readonly byte** _mkfs = HostTool.Vector(
        ["/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256", "-O", "^has_journal,^resize_inode", "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0", "/proc/self/fd/3"]);
    private readonly int[] _ready = new int[ReadyTarget];
    private readonly byte* _ext4 = InitBlock.Text("ext4");
    private readonly byte* _tmpfs = InitBlock.Text("tmpfs");
    private readonly byte* _source = InitBlock.Text("source");
    private readonly byte* _noInitItable = InitBlock.Text("noinit_itable");
    private readonly byte* _size = InitBlock.Text("size");
    private readonly byte* _mode = InitBlock.Text("mode");
    private readonly byte* _mode1777 = InitBlock.Text("1777");
    private readonly byte* _empty = InitBlock.Text("");
    private readonly LoopConfig* _config = (LoopConfig*)NativeMemory.AllocZeroed((nuint)sizeof(LoopConfig));
    private int _readyCount;
    private int _nextTemplate;
    private bool _directIo = true;

    public TmpImages(string folder, bool inMemory)
    {
        _folderPath = InitBlock.Text(folder);
        if (inMemory)
        {
            WhyInMemory = "--tmp memory was given";
            return;
        }

        fixed (byte* control = "/dev/loop-control\0"u8)
            _loopControl = Kernel.Openat(Kernel.AtFdcwd, control, O.ReadWrite | O.Cloexec, 0);
        if (_loopControl < 0)
            WhyInMemory = $"no loop devices on this machine (/dev/loop-control: {Errno.Describe(-_loopControl)})";
        else if (Template(DefaultMb, out var step, out var error) < 0)
            WhyInMemory = $"an ext4 image of {DefaultMb} MB could not be made and mounted ({SetupSteps.Describe(step)}: {Errno.Describe(error)})";
    }

    /// <summary>False: /tmp counts as the function's memory.</summary>
    public bool OnDisk => WhyInMemory is null;

    /// <summary>Null when it is on disk.</summary>
    public string? WhyInMemory { get; }

    /// <summary>A detached mount, its root owned by the sandbox's root and open to all. Negative errno on failure.</summary>
    /// <param name="megabytes">512-10,240.</param>
    /// <param name="root">The sandbox's root, as the host numbers it.</param>
    public int Take(int megabytes, uint root, out SetupStep step)
    {
        int mount;
        if (megabytes == DefaultMb && _readyCount > 0)
        {
            step = SetupStep.None;
            mount = _ready[--_readyCount];
        }
        else
        {
            mount = OnDisk ? MakeDisk(megabytes, out step) : MakeTmpfs(megabytes, out step);
        }

        if (mount < 0)
            return mount;
        if (Tmds.Linux.LibC.fchownat(mount, _empty, root, root, 0x1000 /* AT_EMPTY_PATH */) < 0)
        {
            step = SetupStep.TmpMount;
            var error = -Tmds.Linux.LibC.errno;
            Kernel.Close(mount);
            return error;
        }

        return mount;
    }

    /// <summary>Makes one image of the default size ahead of time. False when there are enough.</summary>
    public bool MakeReady()
    {
        if (!OnDisk || _readyCount == ReadyTarget)
            return false;
        var mount = MakeDisk(DefaultMb, out _);
        if (mount < 0)
            return false;
        _ready[_readyCount++] = mount;
        return _readyCount < ReadyTarget;
    }

    public void DropReady()
    {
        while (_readyCount > 0)
            Kernel.Close(_ready[--_readyCount]);
    }

    private int MakeDisk(int megabytes, out SetupStep step)
    {
        var template = Template(megabytes, out step, out var templateError);
        if (template < 0)
            return -templateError;
        step = SetupStep.TmpImage;
        var image = Kernel.Openat(Kernel.AtFdcwd, _folderPath, O.ReadWrite | O.TmpFile | O.Cloexec, 0x180 /* 0600 */);
        if (image < 0)
            return image;
        var result = Copy(template, image, (long)megabytes << 20);
        if (result >= 0)
        {
            step = SetupStep.TmpLoop;
            result = Attach(image, out var loop, out var number);
            if (result >= 0)
            {
                step = SetupStep.TmpMount;
                result = Mount(number);
                Kernel.Close(loop);
            }
        }

        Kernel.Close(image);
        return result;
    }

    /// <summary>Copies what is allocated in the template, about 130 KiB, and leaves the holes.</summary>
    private static int Copy(int template, int image, long length)
    {
        if (Tmds.Linux.LibC.ftruncate(image, length) < 0)
            return -Tmds.Linux.LibC.errno;
        long at = 0;
        while ((at = Kernel.Lseek(template, at, SeekData)) >= 0)
        {
            var end = Kernel.Lseek(template, at, SeekHole);
            var to = at;
            while (at < end)
            {
                var copied = Kernel.CopyFileRange(template, &at, image, &to, (nuint)(end - at));
                if (copied <= 0)
                    return copied == 0 ? -Errno.EIO : copied;
            }
        }

        return 0;
    }

    private int Attach(int image, out int loop, out int number)
    {
        loop = number = -1;
        var path = stackalloc byte[LoopPathBytes];
        for (var attempt = 0; attempt < 64; attempt++)
        {
            number = Kernel.Ioctl(_loopControl, LoopCtlGetFree, null);
            if (number < 0)
                return number;
            LoopPath(number, path);
            loop = Kernel.Openat(Kernel.AtFdcwd, path, O.ReadWrite | O.Cloexec, 0);
            if (loop < 0)
                return loop;
            _config->Fd = (uint)image;
            _config->BlockSize = 4096;
            _config->Flags = LoopConfig.FlagAutoclear | (_directIo ? LoopConfig.FlagDirectIo : 0);
            var result = Kernel.Ioctl(loop, LoopConfigure, _config);
            if (result >= 0)
                return 0;
            Kernel.Close(loop);
            loop = -1;

            // Another node took the device between the two calls; or the file system below has no direct I/O.
            if (result == -Errno.EINVAL && _directIo)
                _directIo = false;
            else if (result != -Errno.EBUSY)
                return result;
        }

        return -Errno.EBUSY;
    }

    private const int LoopPathBytes = 32;

    private static void LoopPath(int number, byte* path)
    {
        var text = new Span<byte>(path, LoopPathBytes);
        text.Clear();
        "/dev/loop"u8.CopyTo(text);
        System.Buffers.Text.Utf8Formatter.TryFormat(number, text[9..], out _);
    }

    private int Mount(int loopNumber)
    {
        var path = stackalloc byte[LoopPathBytes];
        LoopPath(loopNumber, path);
        var context = Kernel.Fsopen(_ext4);
        if (context < 0)
            return context;
        var result = Kernel.FsconfigString(context, _source, path);
        if (result >= 0)
            result = Kernel.FsconfigFlag(context, _noInitItable);
        if (result >= 0)
            result = Kernel.FsconfigCreate(context);
        if (result >= 0)
            result = Kernel.Fsmount(context, MountAttr.NoSuid | MountAttr.NoDev);
        Kernel.Close(context);
        return result;
    }

    private int MakeTmpfs(int megabytes, out SetupStep step)
    {
        step = SetupStep.TmpMount;
        var size = stackalloc byte[16];
        var text = new Span<byte>(size, 16);
        text.Clear();
        System.Buffers.Text.Utf8Formatter.TryFormat(megabytes, text, out var digits);
        size[digits] = (byte)'m';
        var context = Kernel.Fsopen(_tmpfs);
        if (context < 0)
            return context;
        var result = Kernel.FsconfigString(context, _size, size);
        if (result >= 0)
            result = Kernel.FsconfigString(context, _mode, _mode1777);
        if (result >= 0)
            result = Kernel.FsconfigCreate(context);
        if (result >= 0)
            result = Kernel.Fsmount(context, MountAttr.NoSuid | MountAttr.NoDev);
        Kernel.Close(context);
        return result;
    }

    /// <summary>An image of that size with an empty file system, made by mkfs.ext4 at the size's first use and kept open without a name.</summary>
    private int Template(int megabytes, out SetupStep step, out int error)
    {
        step = SetupStep.TmpImage;
        error = 0;
        for (var i = 0; i < MostTemplates; i++)
        {
            if (_templateSizes[i] == megabytes)
                return _templates[i];
        }

        var image = Kernel.Openat(Kernel.AtFdcwd, _folderPath, O.ReadWrite | O.TmpFile | O.Cloexec, 0x180 /* 0600 */);
        error = image < 0 ? -image : Tmds.Linux.LibC.ftruncate(image, (long)megabytes << 20) < 0 ? Tmds.Linux.LibC.errno : 0;
        if (error == 0)
            error = HostTool.Run(_mkfs, image);
        if (error == 0)
            error = OpenRoot(image);
        if (error != 0)
        {
            Kernel.Close(image);
            return -1;
        }

        Keep(megabytes, image);
        return image;
    }

    /// <summary>Whoever asks for many sizes makes work, not files: the oldest goes, but for the default one, which is the first.</summary>
    private void Keep(int megabytes, int image)
    {
        var at = _nextTemplate;
        _nextTemplate = at + 1 < MostTemplates ? at + 1 : 1;
        if (_templateSizes[at] != 0)
            Kernel.Close(_templates[at]);
        (_templateSizes[at], _templates[at]) = (megabytes, image);
    }

    /// <summary>Mounts the template once: its root becomes open to all and loses lost+found.</summary>
    private int OpenRoot(int image)
    {
        var result = Attach(image, out var loop, out var number);
        if (result < 0)
            return -result;
        result = Mount(number);
        Kernel.Close(loop);
        if (result < 0)
            return -result;
        fixed (byte* lost = "lost+found\0"u8)
        fixed (byte* dot = ".\0"u8)
        {
            Tmds.Linux.LibC.unlinkat(result, lost, 0x200 /* AT_REMOVEDIR */);
            Tmds.Linux.LibC.fchmodat(result, dot, 0x3FF /* 01777 */, 0);
        }

        Kernel.Close(result);
        return 0;
    }
}
