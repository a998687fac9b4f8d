using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Testing;
using Kopis.Web.Login;
using Kopis.Web.Own;

namespace Kopis.Web.Tests;

/// <summary>Mail users who sign in, beside others who guess.</summary>
public sealed class OwnLoginTests : IDisposable
{
    private const string Joe = "joe@toyokawa.gcd.org";
    private const int Guesses = 100; // More than connections to qmail-lookup.

    private readonly TestHome _home = new();
    private readonly Socket _lookup =
        new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private readonly SemaphoreSlim _refused = new(0);
    private readonly CancellationTokenSource _stop = new();

    public OwnLoginTests()
    {
        _home.AddUser(Joe, "right");
        _lookup.Bind(new UnixDomainSocketEndPoint(_home.In("users/lookup")));
        _lookup.Listen();
        _ = AcceptAsync();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _lookup.Dispose();
        _refused.Dispose();
        _home.Dispose();
    }

    [Fact]
    public async Task Who_waits_for_a_refusal_keeps_nobody_out()
    {
        using OwnLogin login = NewLogin(); // They wait: its clock stands still.
        Task<(LookupVerdict Verdict, string)>[] guesses =
        [
            .. Enumerable.Range(0, Guesses).Select(
                _ => login.JudgeAsync(1000, null, "ann", "wrong"u8.ToArray(), _stop.Token)),
        ];
        for (int i = 0; i < Guesses; i++)
        {
            Assert.True(await _refused.WaitAsync(TimeSpan.FromSeconds(15)), $"{i} were judged");
        }

        (LookupVerdict verdict, _) = await login.JudgeAsync(
            1000, null, Joe, "right"u8.ToArray(), CancellationToken.None);
        Assert.Equal(LookupVerdict.Yes, verdict);
        Assert.DoesNotContain(guesses, guess => guess.IsCompleted);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(guesses));
    }

    /// <summary>Else who guesses shuts everybody out who has no session, after an update.
    /// </summary>
    [Fact]
    public void A_known_browser_is_known_after_a_restart_until_the_password_is_another_one()
    {
        string path = _home.In("web/password");
        byte[] KeyOf(OwnLogin login) => login.BrowserKey(Joe);
        using OwnLogin first = NewLogin();
        using OwnLogin second = NewLogin();
        Assert.NotEqual(KeyOf(first), KeyOf(second)); // There is no password.
        Directory.CreateDirectory(_home.In("web"));
        File.WriteAllText(path, TestHome.HashOf("one") + "\n");
        string cookie = KnownBrowser.New(KeyOf(first));
        Assert.NotNull(KnownBrowser.Find(cookie, KeyOf(second)));
        Assert.Null(KnownBrowser.Find(cookie, second.BrowserKey("eva@toyokawa.gcd.org")));
        Assert.Null(KnownBrowser.Find(cookie, PasswordFile.BrowserKey(TestHome.HashOf("one"))));
        File.WriteAllText(path, TestHome.HashOf("two") + "\n");
        Assert.Null(KnownBrowser.Find(cookie, KeyOf(second)));
    }

    private OwnLogin NewLogin() =>
        new(_home.Path, new PasswordFile(_home.In("web")), new ManualTime());

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _lookup.AcceptAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException
            or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    /// <summary>As qmail-lookup: joe may enter, all others wait for ten seconds.</summary>
    private async Task AnswerAsync(Socket socket)
    {
        using (socket)
        {
            byte[] question = new byte[4096];
            int got;
            while ((got = await socket.ReceiveAsync(question, _stop.Token)) > 0)
            {
                bool isJoe = question.AsSpan(0, got).IndexOf(Encoding.UTF8.GetBytes(Joe)) >= 0;
                await socket.SendAsync(
                    isJoe ? Frame(LookupVerdict.Yes, 0, Joe) : Frame(LookupVerdict.No, 10_000, ""),
                    _stop.Token);
                if (!isJoe)
                {
                    _refused.Release();
                }
            }
        }
    }

    private static byte[] Frame(LookupVerdict verdict, int milliseconds, string account)
    {
        byte[] wait = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(wait, milliseconds);
        byte[] content =
        [
            (byte)verdict, .. Field(wait), .. Field(Encoding.UTF8.GetBytes(account)), .. Field([1]),
        ];
        return Field(content);
    }

    // A frame has the same form: a length, then the content.
    private static byte[] Field(byte[] content) =>
        [(byte)content.Length, (byte)(content.Length >> 8), .. content];
}
