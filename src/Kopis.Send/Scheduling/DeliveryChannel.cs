namespace Kopis.Send.Scheduling;

/// <summary>qmail's two delivery channels.</summary>
internal enum DeliveryChannel : byte
{
    /// <summary>Through qmail-lspawn.</summary>
    Local,

    /// <summary>Through qmail-rspawn.</summary>
    Remote,
}
