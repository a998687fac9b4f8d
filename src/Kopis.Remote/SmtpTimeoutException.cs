namespace Kopis.Remote;

/// <summary>The server said nothing, or took nothing, for as long as it may.</summary>
internal sealed class SmtpTimeoutException() : IOException("The server did not answer in time.");
