namespace Kopis.Host.Dmarc;

/// <summary>Reads a report; null and why where it is none.</summary>
internal delegate T? ReportReading<out T>(byte[] document, out string fault);
