using Kopis.Mail.Transport;

namespace Kopis.Net.Dns;

/// <summary>What DNS says of a host's TLSA records.</summary>
/// <param name="State">Whether there are some.</param>
/// <param name="Base">The name that they are for (RFC 7672 §2.2.3): the name for SNI, and one of
/// those that a certificate may have.</param>
/// <param name="Records">All of them.</param>
public sealed record DaneAnswer(DaneState State, string Base, IReadOnlyList<TlsaRecord> Records)
{
    /// <summary>No records.</summary>
    public static DaneAnswer Absent { get; } = new(DaneState.Absent, "", []);

    /// <summary>No answer.</summary>
    public static DaneAnswer Unknown { get; } = new(DaneState.Unknown, "", []);
}
