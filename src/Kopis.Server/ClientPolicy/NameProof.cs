namespace Kopis.Server.ClientPolicy;

/// <summary>Whether a client's address has a name that resolves to the address.</summary>
internal enum NameProof
{
    /// <summary>It has one, or this was not checked.</summary>
    Proven,

    /// <summary>It has no name, or none that resolves to it.</summary>
    Unproven,

    /// <summary>DNS does not answer now.</summary>
    Unknown,
}
