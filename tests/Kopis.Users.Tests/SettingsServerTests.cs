using System.Net.Sockets;
using System.Text;
using Kopis.Posix;
using Kopis.Testing;
using Kopis.Users.Settings;

namespace Kopis.Users.Tests;

/// <summary>A channel to a user's settings: what the other end can say, and what not.</summary>
public sealed class SettingsServerTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly byte[] Key = SettingsRight.KeyOf("a secret"u8, "joe"u8, "mark"u8);

    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly ManualTime _clock = new();
    private readonly Socket _ours;
    private readonly Task _server;

    public SettingsServerTests()
    {
        (int ours, int theirs) = Fd.SocketPair();
        _ours = new Socket(new SafeSocketHandle(ours, ownsHandle: true));
        Socket other = new(new SafeSocketHandle(theirs, ownsHandle: true));
        _server = Task.Run(async () =>
        {
            using (other)
            {
                await SettingsServer.ServeAsync(other, _home, _clock, Key);
            }
        });
    }

    public void Dispose()
    {
        _ours.Dispose();
        _server.Wait(Long);
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task What_is_written_is_read()
    {
        UserSettings wanted = new(["a@b.example"], true, true, "I am away.\n\u2603");
        (UserSettings? now, string? fault) = await AskAsync(wanted);
        Assert.Null(fault);
        Assert.Equal("./Maildir/\n&a@b.example\n|vacation\n", Text(".qmail"));
        Assert.Equal("Subject: Auto: $SUBJECT\n\nI am away.\n\u2603\n", Text(".vacation.msg"));
        Assert.Equal(wanted.AwayText, now!.AwayText);
        (UserSettings? again, _) = await AskAsync(null);
        Assert.Equal(wanted.AwayText, again!.AwayText);
        Assert.Equal(wanted.Forwards, again.Forwards);
    }

    /// <summary>The process asks for itself, whatever the dashboard has let through.</summary>
    [Theory]
    [InlineData("|id")]
    [InlineData("a@b.example\n|id")]
    [InlineData("/etc/passwd")]
    [InlineData("./Maildir/")]
    [InlineData("joe")]
    [InlineData("\u212Aim@b.example")] // In lower case it would be a k.
    [InlineData("")]
    public async Task A_forward_that_is_no_address_is_refused(string forward)
    {
        (UserSettings? now, string? fault) = await AskAsync(
            new UserSettings([forward], true, false, ""));
        Assert.Null(now);
        Assert.NotNull(fault);
        Assert.False(File.Exists(Path.Combine(_home, ".qmail")));
    }

    [Theory]
    [InlineData("Subject: Away\nFrom: joe@b.example\n\nI am away.\n", 1)]
    [InlineData("x", 3000)]
    [InlineData("x", 100_000)] // More than is read.
    public async Task An_answer_that_was_written_by_hand_stays_and_forwards_are_saved(
        string text, int times)
    {
        string path = Path.Combine(_home, ".vacation.msg");
        string content = string.Concat(Enumerable.Repeat(text, times));
        File.WriteAllText(path, content);
        (UserSettings? now, string? fault) = await AskAsync(null);
        Assert.Null(fault);
        Assert.Null(now!.AwayText);
        UserSettings wanted = now with { Forwards = ["Joe@b.example"] };
        (now, fault) = await AskAsync(wanted);
        Assert.Null(fault);
        Assert.Equal(wanted.Forwards, now!.Forwards);
        Assert.Equal("./Maildir/\n&Joe@b.example\n", Text(".qmail"));
        (_, fault) = await AskAsync(wanted with { AwayText = "" });
        Assert.Contains("by hand", fault, StringComparison.Ordinal);

        // vacation(1) answers nobody with more than 64 KiB: mail would wait.
        (_, fault) = await AskAsync(wanted with { IsAway = true });
        Assert.Equal(content.Length > 64 * 1024, fault is not null);
        Assert.Equal(content, Text(".vacation.msg"));
    }

    [Theory]
    [InlineData("&a@b.example\n", 0x1E4, 0x1E4)] // 0744: the x bit lets it forward alone.
    [InlineData("&a@b.example\n", 0x1A4, 0x1A4)]
    [InlineData("&a@b.example\n", 0x1B6, 0x1A4)] // 0666, which qmail-local refuses.
    [InlineData("&a@b.example\n", 0x100, 0x180)]
    public async Task The_mode_of_instructions_stays(string text, int before, int after)
    {
        string path = Path.Combine(_home, ".qmail");
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)before);
        (_, string? fault) = await AskAsync(
            new UserSettings(["c@d.example"], false, false, ""));
        Assert.Null(fault);
        Assert.Equal("&c@d.example\n", Text(".qmail"));
        Assert.Equal((UnixFileMode)after, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task An_executable_file_gets_no_mailbox()
    {
        string path = Path.Combine(_home, ".qmail");
        File.WriteAllText(path, "&a@b.example\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        (_, string? fault) = await AskAsync(
            new UserSettings(["c@d.example"], true, false, ""));
        Assert.NotNull(fault);
        Assert.Equal("&a@b.example\n", Text(".qmail"));
    }

    [Fact]
    public async Task One_process_writes_at_a_time()
    {
        UserSettings wanted = new(["a@b.example"], true, false, "");
        SettingsFiles files = new(_home, _clock) { Patience = TimeSpan.Zero };
        int other = Fd.Open(
            Path.Combine(_home, ".vacation.lock"), OpenFlags.ReadWrite | OpenFlags.Create, 0x180);
        Assert.True(Fd.TryLockExclusive(other));
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(files, wanted));
        Assert.False(File.Exists(Path.Combine(_home, ".qmail")));
        Fd.Close(other);
        Assert.Equal(wanted.Forwards, (await WriteAsync(files, wanted)).Forwards);

        // It has given it back.
        Assert.Equal(wanted.Forwards, (await WriteAsync(files, wanted)).Forwards);
    }

    /// <summary>A process serves all of one uid; so many wait here that every thread of its pool
    /// would, were it theirs.</summary>
    [Fact]
    public async Task Those_whose_files_are_in_use_keep_nobody_else_waiting()
    {
        UserSettings wanted = new(["a@b.example"], true, false, "");
        string stuck = Directory.CreateTempSubdirectory("kopis-").FullName;
        int other = Fd.Open(
            Path.Combine(stuck, ".vacation.lock"), OpenFlags.ReadWrite | OpenFlags.Create, 0x180);
        Assert.True(Fd.TryLockExclusive(other));
        ThreadPool.GetMinThreads(out int threads, out _);
        Task[] waiters =
        [
            .. Enumerable.Range(0, 8 * threads).Select(
                _ => Task.Run(() => WriteAsync(
                    new SettingsFiles(stuck, _clock) { Patience = TimeSpan.FromDays(1) },
                    wanted))),
        ];
        Assert.Equal(wanted.Forwards, (await AskAsync(wanted)).Settings!.Forwards);
        Assert.DoesNotContain(waiters, waiter => waiter.IsCompleted);
        Fd.Close(other);
        Task all = Task.WhenAll(waiters);
        while (!all.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(20)); // They look again.
            await Task.Yield();
        }

        await all;
        Directory.Delete(stuck, recursive: true);
    }

    [Fact]
    public async Task A_lock_that_leads_elsewhere_is_none()
    {
        string path = Path.Combine(_home, ".vacation.lock");
        File.CreateSymbolicLink(path, Path.Combine(_home, "elsewhere"));
        SettingsFiles files = new(_home, _clock);
        UserSettings wanted = new(["a@b.example"], true, false, "");
        await Assert.ThrowsAsync<PosixException>(() => WriteAsync(files, wanted));
        File.Delete(path);
        Directory.CreateDirectory(path);
        await Assert.ThrowsAnyAsync<IOException>(() => WriteAsync(files, wanted));
        Assert.False(File.Exists(Path.Combine(_home, "elsewhere")));
        Assert.False(File.Exists(Path.Combine(_home, ".qmail")));
    }

    /// <summary>Who took the dashboard over has it no longer than a session of it lives.</summary>
    [Fact]
    public async Task A_channel_that_is_used_all_the_time_ends_too()
    {
        for (int i = 0; i < 24; i++)
        {
            (UserSettings? now, _) = await AskAsync(null);
            Assert.NotNull(now);
            _clock.Advance(TimeSpan.FromMinutes(30));
        }

        Assert.Equal(0, await _ours.ReceiveAsync(new byte[1]).WaitAsync(Long));
    }

    /// <summary>Whoever has the channel: what qmail-lookup does not say, or no longer, or of
    /// another login, opens nothing.</summary>
    [Theory]
    [InlineData("none")]
    [InlineData("short")]
    [InlineData("changed")]
    [InlineData("another account's")]
    [InlineData("of another password")]
    [InlineData("old")]
    public async Task Without_a_right_of_now_nothing_is_done_and_the_channel_ends(string which)
    {
        UserSettings wanted = new(["a@b.example"], true, false, "");
        Assert.Null((await AskAsync(wanted)).Fault);
        byte[] right = which switch
        {
            "none" => [],
            "short" => RightOf(Key)[..^1],
            "another account's" =>
                RightOf(SettingsRight.KeyOf("a secret"u8, "eva"u8, "mark"u8)),
            "of another password" =>
                RightOf(SettingsRight.KeyOf("a secret"u8, "joe"u8, "kram"u8)),
            _ => RightOf(Key),
        };
        if (which == "changed")
        {
            right[0] ^= 1;
        }

        _clock.Advance(SettingsRight.Lifetime + TimeSpan.FromMilliseconds(which == "old" ? 1 : 0));
        (UserSettings? now, string? fault) =
            await AskAsync(wanted with { Forwards = ["c@d.example"] }, right);
        Assert.Null(now);
        Assert.Contains("does not hold", fault, StringComparison.Ordinal);
        Assert.Equal("./Maildir/\n&a@b.example\n", Text(".qmail"));
        Assert.Equal(0, await _ours.ReceiveAsync(new byte[1]).WaitAsync(Long));
    }

    [Fact]
    public async Task A_right_is_good_for_a_while()
    {
        byte[] right = RightOf(Key);
        _clock.Advance(SettingsRight.Lifetime);
        Assert.NotNull((await AskAsync(null, right)).Settings);
    }

    [Theory]
    [InlineData("\0\0\0\0")]
    [InlineData("\u00ff\u00ff\u00ff\u007f{}")]
    [InlineData("\u0002\0\0\0[]")]
    [InlineData("\u0004\0\0\0\u00ff\u00ff\u00ff\u00ff")]
    public async Task Anything_else_ends_it(string bytes)
    {
        await _ours.SendAsync(Encoding.Latin1.GetBytes(bytes));
        try
        {
            Assert.Equal(0, await _ours.ReceiveAsync(new byte[1]).WaitAsync(Long));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed before it had read all.
        }

        await _server.WaitAsync(Long);
        Assert.Empty(Directory.GetFileSystemEntries(_home));
    }

    private string Text(string name) => File.ReadAllText(Path.Combine(_home, name));

    private static Task<UserSettings> WriteAsync(SettingsFiles files, UserSettings wanted) =>
        files.WriteAsync(wanted, CancellationToken.None);

    private byte[] RightOf(byte[] key) =>
        SettingsRight.Make(key, (long)_clock.GetElapsedTime(0).TotalMilliseconds);

    private async Task<(UserSettings? Settings, string? Fault)> AskAsync(
        UserSettings? wanted, byte[]? right = null)
    {
        await SettingsMessage.SendAsync(
            _ours, SettingsMessage.Make(wanted, null, right ?? RightOf(Key)),
            CancellationToken.None);
        (UserSettings? now, string? fault, _) = SettingsMessage.Parse(
            (await SettingsMessage.ReceiveAsync(_ours, CancellationToken.None).WaitAsync(Long))!);
        return (now, fault);
    }
}
