namespace Kopis.Server.ClientPolicy;

/// <summary>Whether a client's address has a name that has the address.</summary>
internal enum NameProof
{
    /// <summary>It has; or nobody asked.</summary>
    Proven,

    /// <summary>It has none, or none that knows it.</summary>
    Unproven,

    /// <summary>DNS does not tell now.</summary>
    Unknown,
}
