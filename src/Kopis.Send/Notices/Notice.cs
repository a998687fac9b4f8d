using Kopis.Mail;

namespace Kopis.Send;

/// <summary>What is to be told, or was, of one recipient.</summary>
/// <param name="Recipient">Its index.</param>
/// <param name="Action">What became of it.</param>
/// <param name="Report">The words of the spawner.</param>
internal readonly record struct Notice(int Recipient, NoticeAction Action, byte[] Report);
