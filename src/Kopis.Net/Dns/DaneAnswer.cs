using Kopis.Mail.Transport;

namespace Kopis.Net.Dns;

/// <summary>The answer of DNS about a host's TLSA records.</summary>
/// <param name="State">Whether there are any.</param>
/// <param name="Base">The name of the records (RFC 7672 §2.2.3). It is used for SNI, and is one of
/// those that a certificate may have.</param>
/// <param name="Records">The records.</param>
public sealed record DaneAnswer(DaneState State, string Base, IReadOnlyList<TlsaRecord> Records)
{
    /// <summary>There are no records.</summary>
    public static DaneAnswer Absent { get; } = new(DaneState.Absent, "", []);

    /// <summary>There is no answer.</summary>
    public static DaneAnswer Unknown { get; } = new(DaneState.Unknown, "", []);
}
