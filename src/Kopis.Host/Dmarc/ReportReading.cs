namespace Kopis.Host.Dmarc;

/// <summary>Parses a report; null and the reason if it is not one.</summary>
internal delegate T? ReportReading<out T>(byte[] document, out string fault);
