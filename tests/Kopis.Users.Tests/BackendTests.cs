using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Sasl;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;

namespace Kopis.Users.Tests;

/// <summary>Passwords by a program on descriptor 3, by Dovecot's protocol, and the limits before
/// both.</summary>
public sealed class BackendTests : IDisposable
{
    private static readonly IPAddress Peer = IPAddress.Parse("192.0.2.1");

    private readonly TestHome _home = new();
    private readonly InstantTime _time = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("exit 0", LookupVerdict.Yes)]
    [InlineData("exit 1", LookupVerdict.No)]
    [InlineData("exit 2", LookupVerdict.Later)]
    [InlineData("exit 111", LookupVerdict.Later)]
    [InlineData("kill -9 $$", LookupVerdict.Later)]
    [InlineData("test \"$(tr '\\0' : <&3)\" = joe:secret::", LookupVerdict.Yes)]
    [InlineData("exec <&3; shift; exec \"$@\"", LookupVerdict.Yes)]
    public async Task A_program(string script, LookupVerdict expected)
    {
        ByteEnvironment environment = new() { ["PATH"] = "/usr/bin:/bin"u8.ToArray() };
        CheckpasswordBackend backend = new(
            ["sh"u8.ToArray(), "-c"u8.ToArray(), ByteText.ToBytes(script), "sh"u8.ToArray(),
                "x"u8.ToArray(), "true"u8.ToArray()],
            environment);
        Assert.Equal(expected, (await Ask(backend, "joe", "secret")).Verdict);
    }

    [Fact]
    public async Task No_program_is_a_later() => Assert.Same(
        LoginAnswer.Later,
        await Ask(new CheckpasswordBackend(["/no/such"u8.ToArray()], new ByteEnvironment()), "joe",
            "secret"));

    [Theory]
    [InlineData("OK\t1\tuser=joe@d\tx=y", LookupVerdict.Yes)]
    [InlineData("OK\t1", LookupVerdict.Later)]
    [InlineData("FAIL\t1\tuser=joe", LookupVerdict.No)]
    [InlineData("FAIL\t1\tuser=joe\ttemp", LookupVerdict.Later)]
    [InlineData("CONT\t1\t", LookupVerdict.Later)]
    [InlineData("OK\t2\tuser=joe", null)]
    [InlineData("SPID\t1", null)]
    [InlineData("", null)]
    public void Dovecots_lines(string line, LookupVerdict? expected) =>
        Assert.Equal(expected, DovecotBackend.Parse(line)?.Verdict);

    [Theory]
    [InlineData("VERSION\t1\t2\nSPID\t5\nDONE\nOK\t1\tuser=j\n", LookupVerdict.Yes)]
    [InlineData("VERSION\t2\t0\nOK\t1\tuser=j\n", LookupVerdict.Later)]
    [InlineData("VERSION\t1\t2\nDONE\n", LookupVerdict.Later)] // And it leaves.
    [InlineData("OK\t1\tuser=j", LookupVerdict.Later)] // Half a line.
    public async Task Dovecots_conversation(string says, LookupVerdict expected)
    {
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, 0);
        listener.Bind(new UnixDomainSocketEndPoint(_home.In("dovecot")));
        listener.Listen();
        Task<string> server = ServeAsync(listener, says);
        LoginAnswer answer = await Ask(
            new DovecotBackend(_home.In("dovecot"), "smtp"), "joe", "a\tb\n");
        Assert.Equal(expected, answer.Verdict);
        string[] heard = (await server).Split('\n');
        Assert.Equal("VERSION\t1\t1", heard[0]);
        Assert.Equal("AUTH\t1\tPLAIN\tservice=smtp\tsecured\trip=192.0.2.1\tresp=AGpvZQBhCWIK",
            heard[2]);
    }

    [Fact]
    public async Task No_dovecot_is_a_later() => Assert.Same(
        LoginAnswer.Later, await Ask(new DovecotBackend(_home.In("none"), "smtp"), "joe", "x"));

    [Fact]
    public async Task The_limits()
    {
        int asked = 0;
        FakeBackend backend = new(name =>
        {
            asked++;
            return name == "away" ? LoginAnswer.Later : LoginAnswer.No;
        });
        LimitedLoginService limited =
            new(backend, new SharedLimits(null, new LoginLimiter(_time)), _time);
        await Ask(limited, "away", "x");
        Assert.Empty(_time.Waits); // A fault is nobody's failure.
        for (int i = 0; i < LoginLimits.Default.Tries + 5; i++)
        {
            Assert.Same(LoginAnswer.No, await Ask(limited, $"joe{i}", "x"));
        }

        Assert.Equal(LoginLimits.Default.Tries + 1, asked);
        Assert.Equal(TimeSpan.FromSeconds(10), _time.Waits.Max());
        _time.Advance(LoginLimits.Default.Window);
        await Ask(limited, "joe", "x");
        Assert.Equal(LoginLimits.Default.Tries + 2, asked);
    }

    [Fact]
    public async Task What_can_be_offered()
    {
        LimitedLoginService plain = new(
            new FakeBackend(_ => LoginAnswer.No),
            new SharedLimits(null, new LoginLimiter(_time)), _time);
        Assert.Equal(
            ["PLAIN", "LOGIN"], new SaslService(plain, null, plain).Mechanisms(SaslOffer.All));
        Assert.Equal(
            ["PLAIN"], new SaslService(plain, null, plain).Mechanisms(["PLAIN", "XOAUTH2"]));
        Assert.Empty(new SaslService(null, null, plain).Mechanisms(SaslOffer.All));
        LookupClient lookup = new(_home.Path, _time);
        Assert.Equal(
            ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"],
            new SaslService(lookup, null, plain).Mechanisms(SaslOffer.All));
        SaslQuestion token = new(SaslQuestionKind.Token, [], "x"u8.ToArray(), []);
        Assert.Same(SaslAnswer.Later, await new SaslService(lookup, null, plain).AnswerAsync(
            Peer, token, CancellationToken.None));
    }

    private static async Task<string> ServeAsync(Socket listener, string says)
    {
        using Socket client = await listener.AcceptAsync();
        StringBuilder heard = new();
        byte[] block = new byte[1000];
        while (heard.ToString().Count(c => c == '\n') < 3)
        {
            heard.Append(Encoding.ASCII.GetString(block, 0, await client.ReceiveAsync(block)));
        }

        await client.SendAsync(Encoding.ASCII.GetBytes(says));
        return heard.ToString();
    }

    private static Task<LoginAnswer> Ask(ILoginService service, string name, string password) =>
        service.CheckPasswordAsync(
            Peer, ByteText.ToBytes(name), ByteText.ToBytes(password), CancellationToken.None);

    private sealed class FakeBackend(Func<string, LoginAnswer> answer) : PasswordOnly
    {
        public override Task<LoginAnswer> CheckPasswordAsync(
            IPAddress peer, byte[] name, byte[] secret, CancellationToken stop) =>
            Task.FromResult(answer(ByteText.ToText(name)));
    }
}
