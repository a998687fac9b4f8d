using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>A public key in DNS (RFC 6376 §3.6.1, RFC 8463 §4): the TXT record of
/// <c>selector._domainkey.domain</c>.</summary>
public sealed class DkimKeyRecord
{
    /// <summary>Smaller RSA keys prove nothing (RFC 8301 §3.2).</summary>
    public const int RsaBitsMin = 1024;

    /// <summary>Larger keys are ignored, as verifiers may do (RFC 8301 §3.2).</summary>
    public const int RsaBitsMax = 4096;

    private const int TextMax = 4096; // RSA of 4,096 bits takes 740 characters.
    private const int KeyBytesMax = 1024;
    private const int Ed25519Bytes = 32;
    private const int ExponentBytesMax = 4; // More would make a check as costly as signing.

    // Loading a key costs many times as much as checking a signature with it.
    private static readonly RecordCache<DkimKeyRecord> Known = new(Parse, TextMax);

    private readonly Lazy<RsaKey> _rsa;

    private DkimKeyRecord(byte[] key)
    {
        Key = key;
        _rsa = new Lazy<RsaKey>(() => new RsaKey(LoadRsa(out string fault), fault));
    }

    /// <summary>k=: whether it is an Ed25519 key; otherwise RSA.</summary>
    public bool IsEd25519 { get; private init; }

    /// <summary>p=: the key; empty if it has been revoked.</summary>
    public byte[] Key { get; }

    /// <summary>t=y: the domain only tests DKIM.</summary>
    public bool IsTesting { get; private init; }

    /// <summary>t=s: the domain of i= must equal d=.</summary>
    public bool IsStrict { get; private init; }

    /// <summary>h=: whether SHA-256 is among its hashes.</summary>
    public bool AllowsSha256 { get; private init; }

    /// <summary>s=: whether it may be used for mail.</summary>
    public bool IsForMail { get; private init; }

    /// <summary>The RSA key, loaded when it is first used.</summary>
    internal RsaKey Rsa => _rsa.Value;

    /// <summary>Parses a record, or returns it from the cache.</summary>
    public static DkimKeyRecord? Find(string text) => Known.Find(text);

    /// <summary>Whether a published record has the same key as another, and allows signatures made
    /// with it.</summary>
    public static bool HasKeyOf(string published, string own) =>
        Parse(published) is { AllowsSha256: true, IsForMail: true } found
        && Parse(own) is { } key
        && found.IsEd25519 == key.IsEd25519
        && found.Key.AsSpan().SequenceEqual(key.Key);

    /// <summary>Parses a record.</summary>
    /// <returns>Null if it is not a key of a supported kind.</returns>
    public static DkimKeyRecord? Parse(string text)
    {
        if (text.Length > TextMax || TagList.Parse(ByteText.ToBytes(text)) is not { } tags
            || !tags.Has("p")
            || (tags.Has("v") && (tags.First != "v" || tags.Text("v") != "DKIM1")))
        {
            return null;
        }

        string kind = tags.Has("k") ? tags.Compact("k").ToLowerInvariant() : "rsa";
        string encoded = tags.Compact("p");
        byte[]? key = encoded.Length == 0 ? [] : DkimSignature.FromBase64(encoded, KeyBytesMax);
        bool isEd25519 = kind == "ed25519";
        if (key is null || kind is not ("rsa" or "ed25519")
            || (isEd25519 && key.Length is not (0 or Ed25519Bytes)))
        {
            return null;
        }

        string[] flags = tags.Compact("t").Split(':');
        string[] services = tags.Compact("s").Split(':');
        return new DkimKeyRecord(key)
        {
            IsEd25519 = isEd25519,
            IsTesting = flags.Contains("y"),
            IsStrict = flags.Contains("s"),
            AllowsSha256 = !tags.Has("h")
                || tags.Compact("h").ToLowerInvariant().Split(':').Contains("sha256"),
            IsForMail = !tags.Has("s") || services.Contains("*") || services.Contains("email"),
        };
    }

    /// <summary>Loads an RSA key.</summary>
    /// <param name="fault">What is wrong with the key if the result is null.</param>
    public RSA? LoadRsa(out string fault)
    {
        RSA rsa = RSA.Create();
        try
        {
            try
            {
                rsa.ImportSubjectPublicKeyInfo(Key, out _);
            }
            catch (CryptographicException)
            {
                rsa.ImportRSAPublicKey(Key, out _); // The form that RFC 6376 §3.6.1 describes.
            }

            fault = rsa.KeySize < RsaBitsMin ? "key is too short"
                : rsa.KeySize > RsaBitsMax ? "key is too long"
                : rsa.ExportParameters(false).Exponent!.Length > ExponentBytesMax
                    ? "key has too large an exponent"
                : "";
        }
        catch (CryptographicException)
        {
            fault = "key is not an RSA key";
        }

        if (fault.Length == 0)
        {
            return rsa;
        }

        rsa.Dispose();
        return null;
    }
}
