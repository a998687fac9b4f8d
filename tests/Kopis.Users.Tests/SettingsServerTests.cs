using System.Net.Sockets;
using System.Text;
using Kopis.Posix;
using Kopis.Users.Settings;

namespace Kopis.Users.Tests;

/// <summary>A channel to a user's settings: what the other end can say, and what not.</summary>
public sealed class SettingsServerTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;
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
                await SettingsServer.ServeAsync(other, _home, CancellationToken.None);
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
