using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using Kopis.Config;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Net.Dkim;
using Kopis.Net.Dns;
using Kopis.Server.Checks;

namespace MicroBench;

/// <summary>What checks and signatures do to a message of 4 KiB, with DNS's answers kept.
/// </summary>
[MemoryDiagnoser]
public class CheckPieces
{
    private const string Domain = "src.example";
    private static readonly byte[] Sender = "sender@src.example"u8.ToArray();
    private static readonly byte[] Helo = "client.test"u8.ToArray();
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");

    private readonly AnswerCache _answers = new(TimeProvider.System);
    private MailChecks _checks = null!;
    private byte[] _message = [];
    private byte[] _signed = [];
    private string _control = "";
    private IMailDns _dns = null!;
    private DkimSigningKey[] _rsa = [];
    private DkimSigningKey[] _ed25519 = [];

    /// <summary>A host, a zone, and a message that RSA-2048 has signed.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _message = Encoding.ASCII.GetBytes(
            "From: <sender@src.example>\nTo: <x@hold.test>\nSubject: bench\n"
            + "Date: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-Id: <1@src.example>\n\n"
            + string.Concat(Enumerable.Repeat(new string('x', 76) + "\n", 50)));
        DkimKeyFile rsa = DkimKeyFile.NewRsa(Domain, "s", 2048);
        DkimKeyFile ed25519 = DkimKeyFile.NewEd25519(Domain, "e");
        (_rsa, _ed25519) = ([rsa.SigningKey], [ed25519.SigningKey]);
        _signed = [.. Sign(_rsa), .. _message];
        _dns = new BenchDns(Client, new Dictionary<string, string>
        {
            [Domain] = "v=spf1 ip4:192.0.2.1 -all",
            ["_dmarc." + Domain] = "v=DMARC1; p=reject; adkim=s; aspf=s",
            [rsa.RecordName] = rsa.Record,
            [ed25519.RecordName] = ed25519.Record,
        });
        _control = Directory.CreateTempSubdirectory("kopis-bench").FullName;
        File.WriteAllText(Path.Combine(_control, "me"), "mta.test\n");
        _checks = new MailChecks(
            new ControlDirectory(_control), () => _dns, TimeProvider.System);
        if (!Judge().Contains("dmarc=pass", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(Judge());
        }
    }

    /// <summary>Leaves nothing.</summary>
    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_control, recursive: true);

    /// <summary>All checks of a message, and what is written of them.</summary>
    [Benchmark]
    public string Judge()
    {
        using MessageChecks checks = _checks.Begin(Client, Helo, Sender, _ => false)!;
        checks.Read(_signed);
        return checks.JudgeAsync().GetAwaiter().GetResult().Words;
    }

    /// <summary>Of that, DKIM.</summary>
    [Benchmark]
    public int Verify()
    {
        using DkimVerifier verifier = new();
        MessageReader reader = new(verifier);
        reader.Read(_signed);
        reader.End();
        AuthenticationDns dns = new(
            _dns, _answers, TimeProvider.System, TimeSpan.FromSeconds(20));
        return verifier.CheckAsync(dns, DateTimeOffset.UtcNow, null, CancellationToken.None)
            .GetAwaiter().GetResult().Count;
    }

    /// <summary>A signature of Ed25519.</summary>
    [Benchmark]
    public int SignEd25519() => Sign(_ed25519).Length;

    /// <summary>Signatures of RSA-2048 and Ed25519.</summary>
    [Benchmark]
    public int SignBoth() => Sign([.. _rsa, .. _ed25519]).Length;

    private byte[] Sign(DkimSigningKey[] keys)
    {
        using DkimSigner signer = new();
        MessageReader reader = new(signer);
        reader.Read(_message);
        reader.End();
        System.Buffers.ArrayBufferWriter<byte> fields = new();
        _ = signer.Sign(keys, DateTimeOffset.UnixEpoch, null, fields);
        return fields.WrittenSpan.ToArray();
    }
}
