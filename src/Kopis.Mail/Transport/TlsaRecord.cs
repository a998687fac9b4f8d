namespace Kopis.Mail.Transport;

/// <summary>A TLSA record (RFC 6698 §2.1).</summary>
/// <param name="Usage">2: an authority of the certificate (DANE-TA); 3: the certificate itself
/// (DANE-EE).</param>
/// <param name="Selector">0: all of a certificate; 1: its public key.</param>
/// <param name="Matching">0: as it is; 1: its SHA-256; 2: its SHA-512.</param>
/// <param name="Data">What has to match.</param>
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

    /// <summary>SMTP has use for it: the public authorities' usages 0 and 1 have none there
    /// (RFC 7672 §3.1.3), and numbers that are not known neither.</summary>
    public bool IsUsable =>
        Usage is Authority or EndEntity && Selector is 0 or 1
        && Matching switch
        {
            0 => Data.Length > 0,
            Sha256 => Data.Length == Sha256Bytes,
            Sha512 => Data.Length == Sha512Bytes,
            _ => false,
        };

    /// <summary>As it is written in a zone, and quoted in reports.</summary>
    public override string ToString() =>
        $"{Usage} {Selector} {Matching} {Convert.ToHexString(Data)}";

    /// <summary>Those of use; of digests of the same thing the strongest only (RFC 7672 §5).
    /// </summary>
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
