namespace Kopis.Remote;

/// <summary>Thrown if the server sent nothing, or took nothing, within the time limit.</summary>
internal sealed class SmtpTimeoutException() : IOException("The server did not answer in time.");
