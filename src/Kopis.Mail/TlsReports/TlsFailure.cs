namespace Kopis.Mail.TlsReports;

/// <summary>Sessions that failed alike (RFC 8460 §4.4, failure-details).</summary>
/// <param name="Result">The result, in its words.</param>
/// <param name="Sender">The sender's address; empty where nothing is said.</param>
/// <param name="Host">The server's name; empty where nothing is said.</param>
/// <param name="Receiver">Its address; empty where nothing is said.</param>
/// <param name="Count">How many there were.</param>
public sealed record TlsFailure(
    string Result, string Sender, string Host, string Receiver, long Count);
