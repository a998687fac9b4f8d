using System.Text;
using Kopis.Base;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

/// <summary>Short ways to the things that tests are about.</summary>
internal static class Make
{
    internal const long Born = 1_700_000_000;

    /// <summary>Addresses starting <c>l</c> are local, all others remote.</summary>
    internal static WholeMessage Message(
        ulong number, string sender, params string[] recipients) =>
        MessageOf(0, number, sender, recipients);

    /// <summary>The same, queued by a user.</summary>
    internal static WholeMessage MessageOf(
        uint uid, ulong number, string sender, params string[] recipients) =>
        MessageOf(uid, number, sender, recipients, Born);

    /// <summary>The same, of another time.</summary>
    internal static WholeMessage MessageOf(
        uint uid, ulong number, string sender, string[] recipients, long born, uint client = 0)
    {
        (byte[], DeliveryChannel)[] routed = Array.ConvertAll(recipients, recipient => (
            Encoding.Latin1.GetBytes(recipient),
            recipient.StartsWith('l') ? DeliveryChannel.Local : DeliveryChannel.Remote));
        WholeMessage message = new(number, born, Encoding.Latin1.GetBytes(sender), routed)
        {
            Uid = uid,
            Client = client,
        };
        message.SetDue(DeliveryChannel.Local, born);
        message.SetDue(DeliveryChannel.Remote, born);
        return message;
    }

    internal static string[] Addresses(Delivery delivery) => Array.ConvertAll(
        delivery.Addresses, address => ByteText.ToText(address.Span));
}
