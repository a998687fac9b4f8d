namespace Kopis.Mail.TlsReports;

/// <summary>Sessions with the same result.</summary>
/// <param name="Address">The server's address.</param>
/// <param name="Host">The server's name; empty if it has none.</param>
/// <param name="Policy">The policy that applied.</param>
/// <param name="Result">The result.</param>
/// <param name="Sender">Our own address; empty if there was no connection.</param>
/// <param name="Count">The number of sessions.</param>
public sealed record SessionCount(
    string Address, string Host, AppliedPolicy Policy, TlsResultType Result, string Sender,
    long Count);
