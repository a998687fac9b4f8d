using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Sasl;
using Kopis.Server.Submission;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;

namespace Kopis.Server.Tests.Smtp;

/// <summary>Tokens at qmail-smtpd, where qmail-lookup says who is locked.</summary>
public sealed class TokenLoginTests : IDisposable
{
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private readonly TestHome _home = new();
    private readonly Socket _lookup = new(AddressFamily.Unix, SocketType.Stream, 0);
    private readonly List<char> _asked = [];

    public TokenLoginTests()
    {
        ECParameters key = Key.ExportParameters(false);
        File.WriteAllText(_home.In("control/oauthissuer"), "https://login.example\n");
        File.WriteAllText(_home.In("control/oauthaudience"), "mail\n");
        File.WriteAllText(_home.In("control/oauthkeys"),
            $$"""{"keys":[{"kty":"EC","kid":"e1","crv":"P-256","x":"{{Url(key.Q.X!)}}","""
            + $"\"y\":\"{Url(key.Q.Y!)}\"}}]}}");
        _lookup.Bind(new UnixDomainSocketEndPoint(_home.In("users/lookup")));
        _lookup.Listen();
    }

    public void Dispose()
    {
        _lookup.Dispose();
        _home.Dispose();
    }

    [Theory]
    [InlineData(LookupVerdict.Yes, SaslStep.Done)]
    [InlineData(LookupVerdict.No, SaslStep.Failed)]
    public async Task A_user_who_is_locked_is_refused(LookupVerdict unlocked, SaslStep expected)
    {
        Task serving = ServeAsync(unlocked);
        SaslService logins = SmtpLogins.Of(
            new ProgramContext("qmail-smtpd", [], new ByteEnvironment(), _home.Path), [],
            new LookupClient(_home.Path, TimeProvider.System))!;
        SaslAnswer answer = await logins.AnswerAsync(
            IPAddress.Parse("192.0.2.1"),
            new SaslQuestion(SaslQuestionKind.Token, "joe@d"u8.ToArray(), Token(), []),
            CancellationToken.None);
        Assert.Equal(expected, answer.Step);
        lock (_asked)
        {
            Assert.Equal(['L', 'U', 'O'], _asked);
        }

        _lookup.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }

    private static byte[] Token()
    {
        string head = Url("""{"alg":"ES256","kid":"e1"}"""u8);
        long end = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds();
        string text = head + "." + Url(Encoding.ASCII.GetBytes(
            $$"""{"iss":"https://login.example","aud":"mail","exp":{{end}},"email":"joe@d"}"""));
        byte[] signature = Key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256);
        return Encoding.ASCII.GetBytes($"{text}.{Url(signature)}");
    }

    private static string Url(ReadOnlySpan<byte> bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private async Task ServeAsync(LookupVerdict unlocked)
    {
        while (true)
        {
            _ = TalkAsync(await _lookup.AcceptAsync(), unlocked);
        }
    }

    private async Task TalkAsync(Socket client, LookupVerdict unlocked)
    {
        byte[] question = new byte[1000];
        using (client)
        {
            while (await client.ReceiveAsync(question) > 0)
            {
                char kind = (char)question[2];
                lock (_asked)
                {
                    _asked.Add(kind);
                }

                // u16 length, the verdict, and a field of four bytes: a millisecond.
                await client.SendAsync(kind == 'U' ? (byte[])[1, 0, (byte)unlocked]
                    : [7, 0, (byte)LookupVerdict.Yes, 4, 0, 1, 0, 0, 0]);
            }
        }
    }
}
