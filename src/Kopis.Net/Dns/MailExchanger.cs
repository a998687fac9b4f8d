namespace Kopis.Net.Dns;

/// <summary>One MX record. The null MX (RFC 7505) has an empty host.</summary>
public readonly record struct MailExchanger(int Preference, string Host);
