using Kopis.Mail.TlsReports;

namespace Kopis.Net.Sts;

/// <summary>The result of fetching a policy.</summary>
/// <param name="Body">The body, which is not parsed yet; null if there is none.</param>
/// <param name="Fault">The fault, for reports.</param>
/// <param name="Reason">The fault in words, for the log.</param>
public readonly record struct StsFetched(byte[]? Body, TlsResultType Fault, string Reason);
