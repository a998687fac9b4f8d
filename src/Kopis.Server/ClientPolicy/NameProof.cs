namespace Kopis.Server.ClientPolicy;

/// <summary>Whether a client's address has a name that resolves to the address.</summary>
internal enum NameProof
{
    /// <summary>It has, or it was not checked.</summary>
    Proven,

    /// <summary>It has none, or none that resolves to it.</summary>
    Unproven,

    /// <summary>DNS does not answer now.</summary>
    Unknown,
}
