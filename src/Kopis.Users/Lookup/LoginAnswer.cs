using Kopis.Base;

namespace Kopis.Users.Lookup;

/// <summary>An answer about a login.</summary>
/// <param name="Verdict">Yes, No or Later.</param>
/// <param name="Account">The account, with Yes.</param>
public sealed record LoginAnswer(LookupVerdict Verdict, string Account)
{
    /// <summary>SCRAM's proof that the server knows the password too; else empty.</summary>
    public byte[] ServerSignature { get; init; } = [];

    /// <summary>For the dashboard: the mark of the account at the time of the check. With it the
    /// dashboard can ask later whether the login is still valid.</summary>
    public byte[] Mark { get; init; } = [];

    /// <summary>For programs that read mail: a ticket that proves the login to root's process.
    /// </summary>
    public byte[] Ticket { get; init; } = [];

    /// <summary>Refused.</summary>
    public static LoginAnswer No { get; } = new(LookupVerdict.No, "");

    /// <summary>The account cannot be checked at present.</summary>
    public static LoginAnswer Later { get; } = new(LookupVerdict.Later, "");
}
