using System.Runtime.InteropServices;
using Kopis.Base;

namespace Kopis.Posix.Tests;

/// <summary>What a confined child is refused, by the kernel and not by itself.</summary>
public sealed class ConfinementTests : IDisposable
{
    private readonly DirectoryInfo _place = Directory.CreateTempSubdirectory("kopis-confined");

    public ConfinementTests()
    {
        _place.CreateSubdirectory("own");
        _place.CreateSubdirectory("other");
        File.WriteAllText(In("other/file"), "kept");
    }

    public void Dispose() => _place.Delete(recursive: true);

    [Fact]
    public void A_confined_child_has_no_new_privileges_and_others_may_have()
    {
        Assert.Contains("NoNewPrivs:\t1", Run("cat /proc/self/status", Confinement.NoNewRights));
        Assert.Contains("NoNewPrivs:\t0", Run("cat /proc/self/status", null));
        Assert.Contains("NoNewPrivs:\t0", File.ReadAllText("/proc/self/status"));
    }

    [Fact]
    public void It_writes_where_it_may_and_nowhere_else()
    {
        Assert.SkipUnless(Confinement.CanConfineFiles, "This kernel has no Landlock.");
        Confinement own = new([In("own")], MayRunPrograms: true);
        string said = Run(
            $"""
            cd {_place.FullName}
            echo 1 > own/new && mv own/new own/moved && cat own/moved other/file
            (echo 2 > other/new) 2>/dev/null || echo no-new
            (echo 2 > other/file) 2>/dev/null || echo no-change
            rm other/file 2>/dev/null || echo no-removal
            mv own/moved other/ 2>/dev/null || echo no-move
            ln -s x other/link 2>/dev/null || echo no-link
            mkdir other/d 2>/dev/null || echo no-directory
            echo 3 > /dev/null && echo nothing
            """,
            own);
        Assert.Equal(
            "1\nkeptno-new\nno-change\nno-removal\nno-move\nno-link\nno-directory\nnothing\n",
            said);
        Assert.Equal(
            ["file"], Directory.GetFileSystemEntries(In("other")).Select(Path.GetFileName));
    }

    [Fact]
    public void It_runs_nothing_but_our_own_binary()
    {
        Assert.SkipUnless(Confinement.CanConfineFiles, "This kernel has no Landlock.");
        PosixException refused = Assert.Throws<PosixException>(
            () => Run("true", new Confinement([], MayRunPrograms: false)));
        Assert.Equal(Errno.Access, refused.Number);
    }

    [Fact]
    public void It_gets_no_odd_system_call()
    {
        Assert.SkipUnless(Confinement.CanFilterCalls, "No seccomp here.");
        string said = Run(
            """
            grep '^Seccomp:' /proc/self/status
            unshare --user true 2>/dev/null || echo no-namespace
            mount -t tmpfs none /mnt 2>/dev/null || echo no-mount
            sh -c 'echo runs'
            """,
            Confinement.NoNewRights);
        Assert.Equal("Seccomp:\t2\nno-namespace\nno-mount\nruns\n", said);
    }

    [Fact]
    public void What_is_refused_is_refused_by_the_filter_and_the_rest_is_not()
    {
        Assert.SkipUnless(Confinement.CanFilterCalls, "No seccomp here.");
        SystemCallNumbers numbers = SystemCallNumbers.Ours!;
        OnOwnThread(() =>
        {
            new Confinement(null, true) { HasNetwork = false }.Apply();
            Assert.Contains("Seccomp:\t2\n", File.ReadAllText("/proc/thread-self/status"));
            foreach (uint number in numbers.Refused)
            {
                Assert.Equal((number, Errno.NotPermitted), (number, Call(number, -1, -1)));
            }

            const int newUserSpace = 0x10000000;
            const int internet = 2;
            Assert.Equal(Errno.NotPermitted, Call(numbers.Clone, newUserSpace, 0));
            Assert.Equal(Errno.NoSystemCall, Call(numbers.Clone3, 0, 0));
            Assert.Equal(Errno.NoSuchFamily, Call(numbers.Socket, internet, 1));
            Assert.Equal(0, Call(numbers.Socket, 1, 1)); // AF_UNIX
            Assert.Equal(Errno.NoEntry, RunNothing());
        });
        Assert.Equal(0, Call(numbers.Socket, 2, 1)); // Other threads have no filter.
    }

    [Fact]
    public void What_refuses_programs_runs_none_and_goes_on()
    {
        Assert.SkipUnless(Confinement.CanFilterCalls, "No seccomp here.");
        OnOwnThread(() =>
        {
            Confinement.NoNewRights.Apply();
            Assert.True(SystemCallFilter.RefusePrograms(allThreads: false));
            Assert.Equal(Errno.NotPermitted, RunNothing());
            Assert.True(Directory.Exists(_place.FullName));
        });
        Assert.Equal(Errno.NoEntry, RunNothing());
    }

    // The errno of a system call; descriptors that it makes are few.
    private static int Call(uint number, nint first, nint second) =>
        Native.syscall((nint)number, first, second, 0) < 0
            ? Marshal.GetLastPInvokeError()
            : 0;

    // The errno of running a file that is not there.
    private static unsafe int RunNothing()
    {
        fixed (byte* path = "/nonexistent\0"u8)
        {
            Native.execve(path, null, null);
            return Marshal.GetLastPInvokeError();
        }
    }

    private static void OnOwnThread(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    private string In(string name) => Path.Combine(_place.FullName, name);

    private static string Run(string script, Confinement? confinement)
    {
        (int read, int write) = Fd.Pipe();
        try
        {
            int pid = new ProcessStart
            {
                Path = "/bin/sh",
                Arguments = ["sh"u8.ToArray(), "-c"u8.ToArray(), ByteText.ToBytes(script)],
                Environment = ByteEnvironment.Parse("PATH=/usr/bin:/bin\0"u8),
                Descriptors = new Dictionary<int, int> { [1] = write, [2] = 2 },
                Confinement = confinement,
            }.Start();
            Fd.Close(write);
            write = -1;
            byte[] said = new byte[8192];
            int length = 0;
            int got;
            while ((got = Fd.Read(read, said.AsSpan(length))) > 0)
            {
                length += got;
            }

            Processes.Wait(pid);
            return ByteText.ToText(said.AsSpan(0, length));
        }
        finally
        {
            Fd.Close(read);
            if (write >= 0)
            {
                Fd.Close(write);
            }
        }
    }
}
