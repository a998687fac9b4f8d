namespace Kopis.Mail.Transport;

/// <summary>A TLSA record (RFC 6698 §2.1).</summary>
/// <param name="Usage">2: an authority of the certificate (DANE-TA). 3: the certificate itself
/// (DANE-EE).</param>
/// <param name="Selector">0: the whole certificate. 1: its public key.</param>
/// <param name="Matching">0: the data itself. 1: its SHA-256. 2: its SHA-512.</param>
/// <param name="Data">The data that must match.</param>
public sealed record TlsaRecord(byte Usage, byte Selector, byte Matching, byte[] Data)
{
    /// <summary>DANE-TA.</summary>
    public const byte Authority = 2;

    /// <summary>DANE-EE.</summary>
    public const byte EndEntity = 3;

    /// <summary>Matching by SHA-256.</summary>
    public const byte Sha256 = 1;

    /// <summary>Matching by SHA-512.</summary>
    public const byte Sha512 = 2;

    private const int Sha256Bytes = 32;
    private const int Sha512Bytes = 64;

    /// <summary>Whether SMTP can use it. Usages 0 and 1, of public authorities, have no meaning
    /// there (RFC 7672 §3.1.3), and unknown numbers have none either.</summary>
    public bool IsUsable =>
        Usage is Authority or EndEntity && Selector is 0 or 1
        && Matching switch
        {
            0 => Data.Length > 0,
            Sha256 => Data.Length == Sha256Bytes,
            Sha512 => Data.Length == Sha512Bytes,
            _ => false,
        };

    /// <summary>The record as in a zone file, which reports quote.</summary>
    public override string ToString() =>
        $"{Usage} {Selector} {Matching} {Convert.ToHexString(Data)}";

    /// <summary>The usable records; of several digests of the same thing only the strongest (RFC
    /// 7672 §5).</summary>
    public static IReadOnlyList<TlsaRecord> Usable(IEnumerable<TlsaRecord> records)
    {
        TlsaRecord[] usable = [.. records.Where(one => one.IsUsable)];
        return
        [
            .. usable.Where(one => one.Matching != Sha256 || !usable.Any(other =>
                other.Matching == Sha512 && other.Usage == one.Usage
                && other.Selector == one.Selector)),
        ];
    }
}
