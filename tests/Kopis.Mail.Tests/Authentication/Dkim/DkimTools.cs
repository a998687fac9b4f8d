using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Posix;

namespace Kopis.Mail.Tests.Authentication.Dkim;

/// <summary>Keys of the tests, and messages signed and checked with them.</summary>
internal static class DkimTools
{
    internal const string Domain = "sign.example";
    internal static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    internal static readonly RSA Rsa = RSA.Create(2048);
    internal static readonly RSA LargeRsa = RSA.Create(4096);
    internal static readonly byte[] Seed = RandomNumberGenerator.GetBytes(Ed25519.KeyBytes);

    internal static DkimSigningKey RsaKey { get; } = DkimSigningKey.OfRsa(Domain, "r", Rsa);

    internal static DkimSigningKey EdKey { get; } = new(
        Domain, "e", DkimAlgorithm.Ed25519Sha256, hash => new Ed25519Key(Seed).Sign(hash));

    /// <summary>A DNS with the keys of the tests.</summary>
    internal static TestDns Dns() => new TestDns()
        .Add("TXT", "r._domainkey." + Domain, DkimKeyText.RecordOf(Rsa))
        .Add("TXT", "e._domainkey." + Domain, DkimKeyText.RecordOf(Ed25519.PublicKeyOf(Seed)));

    internal static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    internal static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>The message with signatures before it.</summary>
    internal static byte[] Sign(
        byte[] message, CanonicalForm form = CanonicalForm.Relaxed, params DkimSigningKey[] keys)
    {
        using DkimSigner signer = new(form);
        MessageReader reader = new(signer);
        reader.Read(message);
        reader.End();
        ArrayBufferWriter<byte> fields = new();
        Assert.True(signer.Sign(
            keys.Length > 0 ? keys : [RsaKey, EdKey], Now, TimeSpan.FromDays(7), fields));
        return [.. fields.WrittenSpan, .. message];
    }

    internal static async Task<IReadOnlyList<DkimCheck>> Check(
        byte[] message, TestDns? dns = null, DateTimeOffset? now = null, bool hasEd25519 = true)
    {
        using DkimVerifier verifier = new();
        MessageReader reader = new(verifier);
        reader.Read(message);
        reader.End();
        return await verifier.CheckAsync(
            dns ?? Dns(), now ?? Now, hasEd25519 ? Ed25519.Verify : null, default);
    }

    /// <summary>The results with their reasons.</summary>
    internal static async Task<string> Results(byte[] message, TestDns? dns = null) =>
        string.Join(", ", (await Check(message, dns)).Select(one =>
            one.Result.ToString().ToLowerInvariant()
                + (one.Reason.Length > 0 ? $" ({one.Reason})" : "")));
}
