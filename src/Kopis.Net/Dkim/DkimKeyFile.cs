using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Posix;

namespace Kopis.Net.Dkim;

/// <summary>A private key with the dates between which it signs. It is a PEM file as openssl writes
/// it (PKCS #8, or PKCS #1 for RSA), after the lines <c>Signs-From: DATE</c> and <c>Signs-Until:
/// DATE</c>. A missing date is no limit. Dates are UTC: <c>2026-11-29T20:00:00Z</c>.</summary>
public sealed record DkimKeyFile
{
    /// <summary>A longer file is not read: RSA of 4,096 bits takes 3,272 bytes.</summary>
    public const int BytesMax = 16 * 1024;

    private const string FromWord = "Signs-From:";
    private const string UntilWord = "Signs-Until:";
    private const string DateFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const int SeedBytes = 32;

    private readonly string _pem;

    private DkimKeyFile(string pem, DkimSigningKey key, string record) =>
        (_pem, SigningKey, Record) = (pem, key, record);

    /// <summary>d=: the domain.</summary>
    public string Domain => SigningKey.Domain;

    /// <summary>s=: the selector.</summary>
    public string Selector => SigningKey.Selector;

    /// <summary>Whether it is an Ed25519 key; otherwise RSA.</summary>
    public bool IsEd25519 => SigningKey.Algorithm == DkimAlgorithm.Ed25519Sha256;

    /// <summary>When it begins to sign; null: it already signs.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When it stops signing; null: never.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The key for signing.</summary>
    public DkimSigningKey SigningKey { get; }

    /// <summary>The TXT record of its public key.</summary>
    public string Record { get; }

    /// <summary>The name that has this record, without a dot at the end.</summary>
    public string RecordName => $"{Selector}._domainkey.{Domain}";

    /// <summary>Whether it signs at a time.</summary>
    public bool SignsAt(DateTimeOffset now) =>
        (From is not { } from || from <= now) && (Until is not { } until || now < until);

    /// <summary>Reads a file.</summary>
    /// <param name="domain">The domain, from the directory's name.</param>
    /// <param name="selector">The selector, from the file's name.</param>
    /// <param name="content">The content of the file.</param>
    /// <param name="fault">What is wrong with it, if the result is null.</param>
    public static DkimKeyFile? TryParse(
        string domain, string selector, ReadOnlySpan<byte> content, out string fault)
    {
        string text = Encoding.Latin1.GetString(content);
        int start = text.IndexOf("-----BEGIN ", StringComparison.Ordinal);
        if (start < 0)
        {
            fault = "not a PEM file";
            return null;
        }

        DateTimeOffset? from = null;
        DateTimeOffset? until = null;
        foreach (string line in text[..start].Split('\n'))
        {
            if (!TryDate(line, FromWord, ref from) || !TryDate(line, UntilWord, ref until))
            {
                fault = "bad date";
                return null;
            }
        }

        return OfPem(domain, selector, text[start..], out fault) is { } key
            ? key with { From = from, Until = until }
            : null;
    }

    /// <summary>Makes an RSA key.</summary>
    /// <param name="domain">d=.</param>
    /// <param name="selector">s=.</param>
    /// <param name="bits">1,024 to 4,096.</param>
    public static DkimKeyFile NewRsa(string domain, string selector, int bits)
    {
        using RSA rsa = RSA.Create(bits);
        return Known(domain, selector, rsa.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Makes an Ed25519 key.</summary>
    /// <param name="domain">d=.</param>
    /// <param name="selector">s=.</param>
    public static DkimKeyFile NewEd25519(string domain, string selector)
    {
        byte[] seed = RandomNumberGenerator.GetBytes(SeedBytes);
        return Known(domain, selector, DkimKeyText.WriteEd25519(seed));
    }

    /// <summary>The file's content.</summary>
    public byte[] ToBytes() => Encoding.Latin1.GetBytes(
        Line(FromWord, From) + Line(UntilWord, Until) + _pem);

    private static DkimKeyFile Known(string domain, string selector, string pem) =>
        OfPem(domain, selector, pem, out string fault)
            ?? throw new CryptographicException($"a new key is of no use: {fault}");

    private static DkimKeyFile? OfPem(
        string domain, string selector, string pem, out string fault)
    {
        fault = "";
        if (DkimKeyText.ReadEd25519(pem) is { } seed)
        {
            if (!Ed25519.IsAvailable)
            {
                fault = "OpenSSL has no Ed25519";
                return null;
            }

            Ed25519Key loaded = new(seed);
            DkimSigningKey key = new(domain, selector, DkimAlgorithm.Ed25519Sha256,
                hash => loaded.Sign(hash));
            return new DkimKeyFile(pem, key, DkimKeyText.RecordOf(Ed25519.PublicKeyOf(seed)));
        }

        if (DkimKeyText.ReadRsa(pem) is { } rsa)
        {
            return new DkimKeyFile(
                pem, DkimSigningKey.OfRsa(domain, selector, rsa), DkimKeyText.RecordOf(rsa));
        }

        fault = $"not a private key of Ed25519, or of RSA with {DkimKeyRecord.RsaBitsMin} to "
            + $"{DkimKeyRecord.RsaBitsMax} bits";
        return null;
    }

    /// <summary>False if a line with this word has no date, or is the second one.</summary>
    private static bool TryDate(string line, string word, ref DateTimeOffset? date)
    {
        if (!line.StartsWith(word, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        bool isDate = DateTimeOffset.TryParseExact(
            line[word.Length..].Trim(), DateFormat, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out DateTimeOffset value);
        bool isFirst = date is null;
        date = value;
        return isDate && isFirst;
    }

    private static string Line(string word, DateTimeOffset? date) => date is { } value
        ? $"{word} {value.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture)}\n"
        : "";
}
