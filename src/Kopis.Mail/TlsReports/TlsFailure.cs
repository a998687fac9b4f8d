namespace Kopis.Mail.TlsReports;

/// <summary>Sessions that failed in the same way (RFC 8460 §4.4, failure-details).</summary>
/// <param name="Result">The result, in the words of the report.</param>
/// <param name="Sender">The sender's address; may be empty.</param>
/// <param name="Host">The server's name; may be empty.</param>
/// <param name="Receiver">The server's address; may be empty.</param>
/// <param name="Count">The number of sessions.</param>
public sealed record TlsFailure(
    string Result, string Sender, string Host, string Receiver, long Count);
