namespace Kopis.Mail.Addresses;

/// <summary>What qmail-inject completes addresses with (contract §5.2).</summary>
public sealed record AddressDefaults(byte[] Host, byte[] Domain, byte[] PlusDomain);
