namespace Kopis.Mail.TlsReports;

/// <summary>Sessions that began alike.</summary>
/// <param name="Address">The server's address.</param>
/// <param name="Host">Its name; empty where it has none.</param>
/// <param name="Policy">The policy that they were under.</param>
/// <param name="Result">How they began.</param>
/// <param name="Sender">Our own address; empty where there was no connection.</param>
/// <param name="Count">How many there were.</param>
public sealed record SessionCount(
    string Address, string Host, AppliedPolicy Policy, TlsResultType Result, string Sender,
    long Count);
