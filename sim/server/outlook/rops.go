package outlook

import "shutout/lab/protocol/mapi"

// do carries out one ROP. The response is nil where there is none, and with a
// code other than Success.
func (r *run) do(q mapi.Request) (mapi.Response, mapi.ErrorCode) {
	switch q := q.(type) {
	case *mapi.ReleaseRequest:
		if r.at(q.Input) != nil {
			r.x.release(r.handles[q.Input])
		}
		return nil, mapi.Success
	case *mapi.LogonRequest:
		return r.logon(q)
	case *mapi.GetReceiveFolderRequest:
		return r.receiveFolder(q)
	case *mapi.OpenFolderRequest:
		return r.openFolder(q)
	case *mapi.GetHierarchyTableRequest:
		return r.hierarchyTable(q)
	case *mapi.GetContentsTableRequest:
		return r.contentsTable(q)
	case *mapi.SetColumnsRequest:
		return r.setColumns(q)
	case *mapi.SortTableRequest:
		return r.sortTable(q)
	case *mapi.QueryRowsRequest:
		return r.queryRows(q)
	case *mapi.SeekRowRequest:
		return r.seekRow(q)
	case *mapi.OpenMessageRequest:
		return r.openMessage(q)
	case *mapi.GetPropertiesSpecificRequest:
		return r.getProperties(q)
	case *mapi.GetPropertiesAllRequest:
		return r.getAllProperties(q)
	case *mapi.OpenStreamRequest:
		return r.openStream(q)
	case *mapi.ReadStreamRequest:
		return r.readStream(q)
	case *mapi.WriteStreamRequest:
		return r.writeStream(q)
	case *mapi.CommitStreamRequest:
		return r.commitStream(q)
	case *mapi.CreateMessageRequest:
		return r.createMessage(q)
	case *mapi.SetPropertiesRequest:
		return r.setProperties(q)
	case *mapi.ModifyRecipientsRequest:
		return r.modifyRecipients(q)
	case *mapi.SaveChangesMessageRequest:
		return r.saveChanges(q)
	case *mapi.SubmitMessageRequest:
		return r.submitMessage(q)
	case *mapi.TransportSendRequest:
		return r.transportSend(q)
	case *mapi.RegisterNotificationRequest:
		return r.register(q)
	}
	return nil, mapi.CodeNotImplemented
}

// answerIndex is the handle index that the answer to a ROP begins with.
func answerIndex(q mapi.Request) uint8 {
	switch q := q.(type) {
	case *mapi.LogonRequest:
		return q.Output
	case *mapi.GetReceiveFolderRequest:
		return q.Input
	case *mapi.OpenFolderRequest:
		return q.Output
	case *mapi.GetHierarchyTableRequest:
		return q.Output
	case *mapi.GetContentsTableRequest:
		return q.Output
	case *mapi.SetColumnsRequest:
		return q.Input
	case *mapi.SortTableRequest:
		return q.Input
	case *mapi.QueryRowsRequest:
		return q.Input
	case *mapi.SeekRowRequest:
		return q.Input
	case *mapi.OpenMessageRequest:
		return q.Output
	case *mapi.GetPropertiesSpecificRequest:
		return q.Input
	case *mapi.GetPropertiesAllRequest:
		return q.Input
	case *mapi.OpenStreamRequest:
		return q.Output
	case *mapi.ReadStreamRequest:
		return q.Input
	case *mapi.WriteStreamRequest:
		return q.Input
	case *mapi.CommitStreamRequest:
		return q.Input
	case *mapi.CreateMessageRequest:
		return q.Output
	case *mapi.SetPropertiesRequest:
		return q.Input
	case *mapi.ModifyRecipientsRequest:
		return q.Input
	case *mapi.SaveChangesMessageRequest:
		return q.ResponseIndex
	case *mapi.SubmitMessageRequest:
		return q.Input
	case *mapi.TransportSendRequest:
		return q.Input
	case *mapi.RegisterNotificationRequest:
		return q.Output
	}
	return 0
}
