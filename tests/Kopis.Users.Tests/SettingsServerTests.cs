using System.Net.Sockets;
using System.Text;
using Kopis.Posix;
using Kopis.Testing;
using Kopis.Users.Settings;

namespace Kopis.Users.Tests;

/// <summary>A channel to a user's settings: what the other end can say, and what not.</summary>
public sealed class SettingsServerTests : IDisposable
{
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
                await SettingsServer.ServeAsync(other, _home, _clock);
            }
        });
    }

    public void Dispose()
    {
        _ours.Dispose();
        _server.Wait(TimeSpan.FromSeconds(30));
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task What_is_written_is_read()
    {
        UserSettings wanted = new(["a@b.example"], true, true, "I am away.\n\u2603");
        (UserSettings? now, string? fault) = await AskAsync(SettingsMessage.Make(wanted));
        Assert.Null(fault);
        Assert.Equal("./Maildir/\n&a@b.example\n|vacation\n", Text(".qmail"));
        Assert.Equal("Subject: Auto: $SUBJECT\n\nI am away.\n\u2603\n", Text(".vacation.msg"));
        Assert.Equal(wanted.AwayText, now!.AwayText);
        (UserSettings? again, _) = await AskAsync(SettingsMessage.Make(null));
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
            SettingsMessage.Make(new UserSettings([forward], true, false, "")));
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
        (UserSettings? now, string? fault) = await AskAsync(SettingsMessage.Make(null));
        Assert.Null(fault);
        Assert.Null(now!.AwayText);
        UserSettings wanted = now with { Forwards = ["Joe@b.example"] };
        (now, fault) = await AskAsync(SettingsMessage.Make(wanted));
        Assert.Null(fault);
        Assert.Equal(wanted.Forwards, now!.Forwards);
        Assert.Equal("./Maildir/\n&Joe@b.example\n", Text(".qmail"));
        (_, fault) = await AskAsync(SettingsMessage.Make(wanted with { AwayText = "" }));
        Assert.Contains("by hand", fault, StringComparison.Ordinal);

        // vacation(1) answers nobody with more than 64 KiB: mail would wait.
        (_, fault) = await AskAsync(SettingsMessage.Make(wanted with { IsAway = true }));
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
            SettingsMessage.Make(new UserSettings(["c@d.example"], false, false, "")));
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
            SettingsMessage.Make(new UserSettings(["c@d.example"], true, false, "")));
        Assert.NotNull(fault);
        Assert.Equal("&a@b.example\n", Text(".qmail"));
    }

    [Fact]
    public void One_process_writes_at_a_time()
    {
        UserSettings wanted = new(["a@b.example"], true, false, "");
        SettingsFiles files = new(_home) { Patience = TimeSpan.Zero };
        int other = Fd.Open(
            Path.Combine(_home, ".vacation.lock"), OpenFlags.ReadWrite | OpenFlags.Create, 0x180);
        Assert.True(Fd.TryLockExclusive(other));
        Assert.Throws<IOException>(() => files.Write(wanted));
        Assert.False(File.Exists(Path.Combine(_home, ".qmail")));
        Fd.Close(other);
        Assert.Equal(wanted.Forwards, files.Write(wanted).Forwards);
        Assert.Equal(wanted.Forwards, files.Write(wanted).Forwards); // It has given it back.
    }

    [Fact]
    public void A_lock_that_leads_elsewhere_is_none()
    {
        string path = Path.Combine(_home, ".vacation.lock");
        File.CreateSymbolicLink(path, Path.Combine(_home, "elsewhere"));
        SettingsFiles files = new(_home);
        UserSettings wanted = new(["a@b.example"], true, false, "");
        Assert.Throws<PosixException>(() => files.Write(wanted));
        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.ThrowsAny<IOException>(() => files.Write(wanted));
        Assert.False(File.Exists(Path.Combine(_home, "elsewhere")));
        Assert.False(File.Exists(Path.Combine(_home, ".qmail")));
    }

    /// <summary>Who took the dashboard over has it no longer than a session of it lives.</summary>
    [Fact]
    public async Task A_channel_that_is_used_all_the_time_ends_too()
    {
        for (int i = 0; i < 24; i++)
        {
            (UserSettings? now, _) = await AskAsync(SettingsMessage.Make(null));
            Assert.NotNull(now);
            _clock.Advance(TimeSpan.FromMinutes(30));
        }

        Assert.Equal(0, await _ours.ReceiveAsync(new byte[1]));
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
            Assert.Equal(0, await _ours.ReceiveAsync(new byte[1]));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed before it had read all.
        }

        await _server.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(Directory.GetFileSystemEntries(_home));
    }

    private string Text(string name) => File.ReadAllText(Path.Combine(_home, name));

    private async Task<(UserSettings? Settings, string? Fault)> AskAsync(byte[] message)
    {
        await SettingsMessage.SendAsync(_ours, message, CancellationToken.None);
        return SettingsMessage.Parse(
            (await SettingsMessage.ReceiveAsync(_ours, CancellationToken.None))!);
    }
}
