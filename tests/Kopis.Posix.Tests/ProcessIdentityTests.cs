using Kopis.Base;

namespace Kopis.Posix.Tests;

/// <summary>Children that are other users: what the kernel says of them, and what they do not get
/// from the process that started them. Only root can start any.</summary>
public sealed class ProcessIdentityTests
{
    private const uint Uid = 54321;
    private const uint Gid = 54322;
    private const uint Other = 54323;

    private static ProcessIdentity User { get; } = new(Uid, Gid, Other, Gid);

    [Theory]
    [InlineData(0u, 1u, 1u)]
    [InlineData(uint.MaxValue, 1u, 1u)]
    [InlineData(1u, 0u, 1u)]
    [InlineData(1u, uint.MaxValue, 1u)]
    [InlineData(1u, 1u, 0u)]
    [InlineData(1u, 1u, uint.MaxValue)]
    public void No_identity_has_roots_ids_nor_the_one_that_changes_nothing(
        uint uid, uint gid, uint group) =>
        Assert.Throws<ConfigurationException>(() => new ProcessIdentity(uid, gid, 7, group));

    [Theory]
    [InlineData("1", true)]
    [InlineData("4294967294", true)]
    [InlineData("0", false)]
    [InlineData("00", false)]
    [InlineData("4294967295", false)]
    [InlineData("4294967296", false)]
    [InlineData("-1", false)]
    [InlineData("+1", false)]
    [InlineData(" 1", false)]
    [InlineData("", false)]
    public void An_id_is_refused_where_it_is_read(string text, bool valid) =>
        Assert.Equal(valid, ProcessIdentity.TryParseId(text, out _));

    [Fact]
    public void The_kernel_says_of_every_id_what_was_asked()
    {
        string said = Run("cat /proc/$$/task/*/status", User, out WaitStatus status);
        Assert.Equal(0, status.ExitCode);
        Assert.Contains($"\nUid:\t{Uid}\t{Uid}\t{Uid}\t{Uid}\n", said);
        Assert.Contains($"\nGid:\t{Gid}\t{Gid}\t{Gid}\t{Gid}\n", said);
        Assert.Contains($"\nGroups:\t{Gid} {Other} \n", said);
        foreach (string set in (string[])["CapInh", "CapPrm", "CapEff", "CapAmb"])
        {
            Assert.Contains($"\n{set}:\t0000000000000000\n", said);
        }
    }

    [Fact]
    public void It_starts_with_no_signal_blocked_or_ignored_and_no_alarm()
    {
        Processes.IgnoreSignal(13); // As the runtime does.
        string said = Run("cat /proc/self/status", User, out _);
        Assert.Contains("\nSigBlk:\t0000000000000000\n", said);
        Assert.Contains("\nSigIgn:\t0000000000000000\n", said);
        Assert.Equal("0000000000000000", LineOf("SigBlk:"));
    }

    [Fact]
    public void It_has_no_descriptor_but_those_named()
    {
        int secret = Fd.Open("/proc/self/status", OpenFlags.ReadOnly);
        Fd.SetCloseOnExec(secret, false); // As those are that a shell leaves open.
        Descriptors.Place((secret, 200));
        string said = Run("ls -l /proc/self/fd", User, out _);
        Fd.Close(200);
        Fd.Close(secret);
        Assert.DoesNotContain("status", said);
        Assert.Equal(3 + 1, said.Split('\n').Count(line => line.Contains("->"))); // ls's own.
    }

    /// <summary>What it was before: in ours. Where root had started us at a terminal, a user's
    /// program could open /dev/tty and type there (TIOCSTI).</summary>
    [Fact]
    public void It_is_in_a_session_of_its_own_without_a_terminal() =>
        Assert.Equal("own 0\n", Run(
            "set -- $$ $(cut -d ' ' -f 6,7 /proc/$$/stat); test $1 = $2 && echo own $3",
            User, out _));

    [Fact]
    public void Descriptors_change_places()
    {
        RequireRoot();
        (int read, int write) = Fd.Pipe();
        int low = Fd.Open("/dev/null", OpenFlags.ReadWrite);
        int other = Fd.Open("/proc/self/status", OpenFlags.ReadOnly);
        int pid = (Script("ls -l /proc/$$/fd", User) with
        {
            Descriptors = new Dictionary<int, int>
            {
                [0] = other, [1] = write, [2] = low, [low] = other, [other] = low,
            },
        }).Start();
        Fd.Close(write);
        string said = ReadAll(read);
        Processes.Wait(pid);
        Array.ForEach([read, low, other], Fd.Close);
        Assert.Contains($" {low} -> /proc/", said);
        Assert.Contains($" {other} -> /dev/null", said);
        Assert.Contains(" 0 -> /proc/", said);
    }

    [Fact]
    public void One_that_may_read_all_has_that_capability_and_no_other()
    {
        RequireRoot();
        string said = Run("cat /proc/self/status", User with { MayReadAll = true }, out _);
        foreach (string set in (string[])["CapInh", "CapPrm", "CapEff", "CapAmb"])
        {
            Assert.Contains($"\n{set}:\t0000000000000004\n", said);
        }
    }

    [Fact]
    public void A_confined_one_is_both()
    {
        RequireRoot();
        ProcessStart start = Script("cat /proc/self/status", User) with
        {
            Confinement = Confinement.NoNewRights,
        };
        string said = Run(start, out _);
        Assert.Contains($"\nUid:\t{Uid}\t", said);
        Assert.Contains("\nNoNewPrivs:\t1\n", said);
    }

    [Fact]
    public void It_goes_to_its_directory_by_its_own_right()
    {
        DirectoryInfo closed = Directory.CreateTempSubdirectory("kopis-closed");
        try
        {
            Run(Script("pwd", User) with { Directory = closed.FullName }, out WaitStatus refused);
            Assert.Equal(ExitCode.Temporary, refused.ExitCode);
            Assert.Equal("/tmp\n", Run(Script("pwd", User) with { Directory = "/tmp" }, out _));
        }
        finally
        {
            closed.Delete();
        }
    }

    [Fact]
    public void A_program_that_is_not_there_is_reported_to_the_starter()
    {
        RequireRoot();
        Assert.Equal(Errno.NoEntry, Assert.Throws<PosixException>(
            () => (Script("", User) with { Path = "/nonexistent" }).Start()).Number);
        Assert.Equal(Errno.Access, Assert.Throws<PosixException>(
            () => (Script("", User) with { Path = "/etc/passwd" }).Start()).Number);
    }

    [Fact]
    public void Many_threads_start_many_while_memory_is_collected()
    {
        RequireRoot();
        using CancellationTokenSource stop = new();
        Thread collector = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
            }
        });
        collector.Start();
        Parallel.For(0, 50, _ =>
        {
            int pid = Script("exit 7", User).Start();
            Assert.Equal(7, Processes.Wait(pid).ExitCode);
        });
        stop.Cancel();
        collector.Join();
    }

    private static string Run(string script, ProcessIdentity identity, out WaitStatus status) =>
        Run(Script(script, identity), out status);

    private static string Run(ProcessStart start, out WaitStatus status)
    {
        RequireRoot();
        (int read, int write) = Fd.Pipe();
        int none = Fd.Open("/dev/null", OpenFlags.ReadWrite);
        int pid = (start with
        {
            Descriptors = new Dictionary<int, int> { [0] = none, [1] = write, [2] = none },
        }).Start();
        Fd.Close(write);
        Fd.Close(none);
        string said = ReadAll(read);
        Fd.Close(read);
        status = Processes.Wait(pid);
        return said;
    }

    private static ProcessStart Script(string script, ProcessIdentity identity) => new()
    {
        Path = "/bin/sh",
        Arguments = ["sh"u8.ToArray(), "-c"u8.ToArray(), ByteText.ToBytes(script)],
        Environment = ByteEnvironment.Parse("PATH=/usr/bin:/bin\0"u8),
        Identity = identity,
    };

    private static string ReadAll(int fd)
    {
        byte[] said = new byte[16384];
        int length = 0;
        int got;
        while ((got = Fd.Read(fd, said.AsSpan(length))) > 0)
        {
            length += got;
        }

        return ByteText.ToText(said.AsSpan(0, length));
    }

    private static string LineOf(string name) =>
        File.ReadLines("/proc/thread-self/status").First(line => line.StartsWith(name))
            [name.Length..].Trim();

    private static void RequireRoot() =>
        Assert.SkipUnless(Processes.EffectiveUid == 0, "Only root becomes another.");
}
