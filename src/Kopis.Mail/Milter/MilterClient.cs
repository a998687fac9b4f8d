namespace Kopis.Mail.Milter;

/// <summary>The client, as a filter is told of it.</summary>
/// <param name="Name">Its name, or its address in brackets.</param>
/// <param name="Family">SMFIA_*: <c>4</c>, <c>6</c>, or <c>U</c> for one without an address.
/// </param>
/// <param name="Port">Its port.</param>
/// <param name="Address">Its address as text.</param>
/// <param name="Helo">The client's name in HELO; empty before HELO.</param>
public sealed record MilterClient(
    byte[] Name, char Family, ushort Port, byte[] Address, byte[] Helo);
