// Signs and checks messages of files, for tests/programs/test_authentication.py:
//   keys DIR                         makes r.pem, e.pem, e.seed, and their TXT records r.txt, e.txt
//   sign DIR DOMAIN FORM             DIR/*.msg, in LF lines, become DIR/*.signed, in CRLF lines
//   verify DIR HOME                  a line for each DIR/*.eml: its name and results
//   check HOME IP HELO SENDER FILE   Authentication-Results of one message
// HOME has control/resolvers.
using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kopis.Config;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;
using Kopis.Mail.SmtpClient;
using Kopis.Net.Dns;
using Kopis.Posix;

switch (args)
{
    case ["keys", string directory]:
        MakeKeys(directory);
        return 0;
    case ["sign", string directory, string domain, string form]:
        Sign(directory, domain, Enum.Parse<CanonicalForm>(form, ignoreCase: true));
        return 0;
    case ["verify", string directory, string home]:
        await VerifyAsync(directory, DnsOf(home));
        return 0;
    case ["check", string home, string client, string helo, string sender, string file]:
        await CheckAsync(DnsOf(home), client, helo, sender, File.ReadAllBytes(file));
        return 0;
    default:
        return 2;
}

static AuthenticationDns DnsOf(string home) => new(
    MailDns.Read(new ControlDirectory(Path.Combine(home, "control"))),
    new AnswerCache(TimeProvider.System),
    TimeProvider.System,
    TimeSpan.FromSeconds(20));

static void MakeKeys(string directory)
{
    using RSA rsa = RSA.Create(2048);
    byte[] seed = RandomNumberGenerator.GetBytes(Ed25519.KeyBytes);
    foreach ((string name, string text) in new[]
    {
        ("r.pem", rsa.ExportRSAPrivateKeyPem()),
        ("e.pem", DkimKeyText.WriteEd25519(seed)),
        ("e.seed", Convert.ToBase64String(seed)),
        ("r.txt", DkimKeyText.RecordOf(rsa)),
        ("e.txt", DkimKeyText.RecordOf(Ed25519.PublicKeyOf(seed))),
    })
    {
        File.WriteAllText(Path.Combine(directory, name), text);
    }
}

static void Sign(string directory, string domain, CanonicalForm form)
{
    using RSA rsa = DkimKeyText.ReadRsa(File.ReadAllText(Path.Combine(directory, "r.pem")))!;
    byte[] seed = DkimKeyText.ReadEd25519(File.ReadAllText(Path.Combine(directory, "e.pem")))!;
    using Ed25519Key own = new(seed);
    DkimSigningKey[] keys =
    [
        DkimSigningKey.OfRsa(domain, "r", rsa),
        new(domain, "e", DkimAlgorithm.Ed25519Sha256, hash => own.Sign(hash)),
    ];
    foreach (string file in Directory.GetFiles(directory, "*.msg"))
    {
        byte[] message = File.ReadAllBytes(file);
        using DkimSigner signer = new(form);
        MessageReader reader = new(signer);
        reader.Read(message);
        reader.End();
        ArrayBufferWriter<byte> fields = new();
        if (!signer.Sign(keys, DateTimeOffset.UtcNow, TimeSpan.FromDays(7), fields))
        {
            continue;
        }

        ArrayBufferWriter<byte> sent = new();
        SmtpBodyEncoder encoder = new(isChunked: true);
        encoder.Encode([.. fields.WrittenSpan, .. message], sent);
        encoder.Finish(sent);
        File.WriteAllBytes(Path.ChangeExtension(file, ".signed"), sent.WrittenSpan.ToArray());
    }
}

static async Task VerifyAsync(string directory, IAuthenticationDns dns)
{
    foreach (string file in Directory.GetFiles(directory, "*.eml").Order())
    {
        (IReadOnlyList<DkimCheck> checks, _) = await VerifyOneAsync(File.ReadAllBytes(file), dns);
        string results = string.Join(", ", checks.Select(
            one => $"{one.Result} {one.Reason}".TrimEnd().ToLowerInvariant()));
        Console.WriteLine($"{Path.GetFileName(file)} {results}");
    }
}

static async Task<(IReadOnlyList<DkimCheck>, MessageHeader)> VerifyOneAsync(
    byte[] message, IAuthenticationDns dns)
{
    using DkimVerifier verifier = new();
    MessageReader reader = new(verifier);
    reader.Read(message);
    reader.End();
    return (await verifier.CheckAsync(dns, DateTimeOffset.UtcNow, Ed25519.Verify, default),
        verifier.Header!);
}

static async Task CheckAsync(
    IAuthenticationDns dns, string client, string helo, string sender, byte[] message)
{
    IPAddress address = IPAddress.Parse(client);
    ResultsField field = new("mx.test.example");
    SpfCheck spf = await SpfChecker.CheckAsync(
        dns,
        SpfRequest.OfMailFrom(
            address, Encoding.UTF8.GetBytes(sender), Encoding.UTF8.GetBytes(helo)),
        default);
    field.Add(spf);
    (IReadOnlyList<DkimCheck> checks, MessageHeader header) = await VerifyOneAsync(message, dns);
    foreach (DkimCheck check in checks)
    {
        field.Add(check);
    }

    if (checks.Count == 0)
    {
        field.AddUnsigned();
    }

    field.Add(await DmarcChecker.CheckAsync(dns, AuthorDomains.Of(header), spf, checks, default));
    field.Add(await ReverseNameCheck.CheckAsync(dns, address, default));
    ArrayBufferWriter<byte> text = new();
    field.Write(text);
    Console.Write(Encoding.ASCII.GetString(text.WrittenSpan));
}
